"""Addresses: whom to count a refused request against."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.types import Scope

    from ingress.settings import Network

    Address = ipaddress.IPv4Address | ipaddress.IPv6Address

IPV6_PREFIX_BITS = 64
"""One subscriber has at least a /64, so a single IPv6 address says little about who calls."""

HOPS_MAX = 20
"""Entries of X-Forwarded-For that are looked at, from the nearest on."""

UNKNOWN = "unknown"


def client_address(scope: Scope, trusted: Sequence[Network]) -> str:
    """Return the address of the nearest party that is no trusted proxy; a /64 for IPv6.

    `X-Forwarded-For` is believed only as far as a trusted proxy wrote it.
    """
    client = scope.get("client")
    nearest = _parsed(client[0]) if client else None
    if nearest is None:
        return UNKNOWN
    if not _is_trusted(nearest, trusted):
        return _counted(nearest)
    for hop in reversed(_forwarded_for(scope)):
        address = _parsed(hop)
        if address is None:
            break
        nearest = address
        if not _is_trusted(address, trusted):
            break
    return _counted(nearest)


def _forwarded_for(scope: Scope) -> list[str]:
    values = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
    return b",".join(values).decode("latin-1").split(",")[-HOPS_MAX:]


def _parsed(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text.strip())
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _is_trusted(address: Address, trusted: Sequence[Network]) -> bool:
    return any(address in network for network in trusted)


def _counted(address: Address) -> str:
    if address.version == 4:  # noqa: PLR2004 - the other one is 6
        return str(address)
    return str(ipaddress.ip_network((address, IPV6_PREFIX_BITS), strict=False))
