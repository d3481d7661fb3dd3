"""Addresses of APIs that an account may set: another host by https, or this machine by http."""

from __future__ import annotations

import re

from domain.delivery import Setting

LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
"""Hosts that are this machine."""

_LOCAL = r"http://(?:127\.0\.0\.1|localhost|\[::1\])(?::[0-9]{1,5})?"
_HOST = re.compile(r"https?://(\[::1\]|[a-z0-9.-]+)(?::[0-9]{1,5})?")

API_URL = Setting(
    "API_URL",
    "the address of its API without a path: https, or http on this machine",
    rf"https://(?:\[::1\]|[a-z0-9][a-z0-9.-]{{0,252}})(?::[0-9]{{1,5}})?|{_LOCAL}",
    is_required=False,
)


def host_of(base_url: str) -> str:
    """Return the host of an address that has the setting's form, as written there."""
    match = _HOST.fullmatch(base_url)
    return match[1] if match else ""
