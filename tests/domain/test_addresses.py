"""From where somebody comes: nobody chooses their own address."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest

from domain.addresses import UNKNOWN, client_address

PROXY = "10.0.0.1"
TRUSTED = (ipaddress.ip_network("10.0.0.0/8"),)


def _scope(peer: str | None, *forwarded: str) -> dict[str, Any]:
    headers = [(b"x-forwarded-for", each.encode()) for each in forwarded]
    return {"client": None if peer is None else (peer, 1), "headers": headers}


@pytest.mark.parametrize(
    ("peer", "forwarded", "found"),
    [
        ("192.0.2.1", (), "192.0.2.1"),
        ("192.0.2.1", ("198.51.100.7",), "192.0.2.1"),  # whoever says so is no proxy of ours
        (PROXY, ("198.51.100.7",), "198.51.100.7"),
        (PROXY, ("203.0.113.9, 198.51.100.7",), "198.51.100.7"),  # the first part is a claim
        (PROXY, ("203.0.113.9", "198.51.100.7, 10.9.9.9"), "198.51.100.7"),
        (PROXY, ("nonsense",), PROXY),
        (PROXY, (), PROXY),
        ("::ffff:192.0.2.1", (), "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", (), "2001:db8:1:2::/64"),
        (None, ("198.51.100.7",), UNKNOWN),
        ("a socket", (), UNKNOWN),
    ],
)
def test_the_nearest_that_is_no_proxy_of_ours_is_counted(
    peer: str | None, forwarded: tuple[str, ...], found: str
) -> None:
    assert client_address(_scope(peer, *forwarded), TRUSTED) == found
