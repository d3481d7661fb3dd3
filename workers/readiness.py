"""Readiness: a process without a port of its own says by systemd's protocol that it works."""

from __future__ import annotations

import contextlib
import os
import socket

READY = b"READY=1\n"
SOCKET = "NOTIFY_SOCKET"
"""The variable by which whoever started us says where to tell it; unset: nobody asks."""


def tell() -> None:
    """Say that we work and have reached our store; never waits, never raises."""
    path = os.environ.get(SOCKET)
    if not path:
        return
    address = "\0" + path[1:] if path.startswith("@") else path
    with (
        contextlib.suppress(OSError),
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as told,
    ):
        told.sendto(READY, address)
