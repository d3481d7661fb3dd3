"""Addresses: against whom a request is counted that was refused, or that tries to sign in."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Address = ipaddress.IPv4Address | ipaddress.IPv6Address

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

IPV4 = 4
IPV6_PREFIX_BITS = 64
"""One subscriber has at least a /64, so a single IPv6 address says little about who calls."""

HOPS_MAX = 20
"""Entries of X-Forwarded-For that are looked at, from the nearest on."""

UNKNOWN = "unknown"


def client_address(scope: Mapping[str, Any], trusted: Sequence[Network]) -> str:
    """Return the address of the nearest party that is no trusted proxy; a /64 for IPv6.

    `scope` is the request's, as ASGI has it: `client` and `headers` are read.
    `X-Forwarded-For` is believed only as far as a trusted proxy wrote it.
    """
    client = scope.get("client")
    nearest = _parsed(client[0]) if client else None
    if nearest is None:
        return UNKNOWN
    for hop in reversed(_forwarded_for(scope)):
        if not any(nearest in network for network in trusted):
            break
        further = _parsed(hop)
        if further is None:
            break
        nearest = further
    return _counted(nearest)


def _forwarded_for(scope: Mapping[str, Any]) -> list[str]:
    values = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
    return b",".join(values).decode("latin-1").split(",")[-HOPS_MAX:]


def _parsed(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text.strip())
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _counted(address: Address) -> str:
    if address.version == IPV4:
        return str(address)
    return str(ipaddress.ip_network((address, IPV6_PREFIX_BITS), strict=False))
