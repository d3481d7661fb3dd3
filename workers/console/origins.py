"""Origins: which host a request is for, and whether a page of ours sent it."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.requests import Request
    from starlette.types import Scope

LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})
WILDCARDS = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 - these are told apart, not bound to

PROXIED = frozenset({b"forwarded", b"via", b"x-forwarded-for", b"x-forwarded-host", b"x-real-ip"})
"""Headers that say that somebody passed the request on."""


def allowed_hosts(named: Iterable[str], bound_to: str) -> frozenset[str]:
    """Return the names under which the console answers: loopback, its address, those named."""
    own = {bound_to.lower()} - WILDCARDS
    return LOOPBACK_NAMES | own | set(named)


def host(scope: Scope) -> str | None:
    """Return the name in the one Host header, without its port; None where it is not clear."""
    values = [value for name, value in scope["headers"] if name == b"host"]
    if len(values) != 1:
        return None
    return _hostname(f"//{values[0].decode('latin-1')}")


def _hostname(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    if parts.username is not None or parts.path or parts.query or parts.fragment:
        return None
    return parts.hostname


def is_clear_loopback(request: Request) -> bool:
    """Return whether it is plain http to a name of this machine, where browsers need no https."""
    return request.url.scheme == "http" and host(request.scope) in LOOPBACK_NAMES


def is_of_ours(request: Request) -> bool:
    """Return whether a page of this console sent it, by what the browser says.

    A browser says at least one of Origin and Sec-Fetch-Site with every form; who says neither is
    refused. The scheme is not compared: a proxy that ends TLS hides it from us.
    """
    origin, site = request.headers.get("origin"), request.headers.get("sec-fetch-site")
    if origin is None and site is None:
        return False
    if site is not None and site != "same-origin":
        return False
    return origin is None or _is_same(origin, request.headers.get("host", ""))


def _is_same(origin: str, ours: str) -> bool:
    scheme, _, netloc = origin.partition("://")
    return scheme in {"http", "https"} and netloc.lower() == ours.lower()


def is_local_peer(scope: Scope) -> bool:
    """Return whether a program of this machine asks, by a loopback name and through no proxy."""
    client = scope.get("client")
    if client is None or any(name in PROXIED for name, _ in scope["headers"]):
        return False
    try:
        address = ipaddress.ip_address(client[0])
    except ValueError:
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    return address.is_loopback and host(scope) in LOOPBACK_NAMES
