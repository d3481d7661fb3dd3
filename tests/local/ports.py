"""TCP ports on this machine."""

from __future__ import annotations

import random
import socket

from tests.local.errors import PortBusy


def check_free(port: int, *, setting: str) -> None:
    """Raise PortBusy, naming the setting to change, when another program has the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise PortBusy(
                f"Port {port} cannot be used ({error.strerror}). Set {setting} to another port."
            ) from error


LASTING = range(15_000, 32_000)
"""Below what systems hand out for outgoing connections (Linux: from 32768 on)."""

TRIES_MAX = 100


def lasting() -> int:
    """Return a port that nobody has now, and that the system gives to no outgoing connection.

    A process may end and take it again later. Raises PortBusy when none is found.
    """
    for port in random.sample(LASTING, TRIES_MAX):
        try:
            check_free(port, setting="the port")
        except PortBusy:
            continue
        return port
    raise PortBusy(f"None of {TRIES_MAX} ports from {LASTING[0]} on is free.")


def free() -> int:
    """Return a port that nobody has now; the system does not hand it out again at once."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
