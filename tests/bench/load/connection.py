"""A keep-alive connection with at most one request in the air, as cheap as Python has it."""

from __future__ import annotations

import select
import socket

from tests.bench.load import answer
from tests.bench.load.target import HOST

RECEIVE_BYTES = 65_536
CONNECT_S_MAX = 5.0
LOST = -1
"""Stands for a status: the connection ended before the answer was there."""


class Connection:
    """Registered with a poll of its owner by the number of its descriptor."""

    __slots__ = ("_poll", "_port", "_received", "_socket", "fd")

    def __init__(self, port: int, poll: select.epoll) -> None:
        self._port = port
        self._poll = poll
        self._received = b""
        self._open()

    def send(self, request: bytes) -> bool:
        """Send a whole request; say whether the connection took it.

        Nothing else is in the air, so the buffer of the socket is empty and has room.
        """
        try:
            return self._socket.send(request) == len(request)
        except OSError:
            return False

    def receive(self) -> int:
        """Return the status of the answer, INCOMPLETE while there is more to come, or LOST."""
        try:
            data = self._socket.recv(RECEIVE_BYTES)
        except OSError:
            return LOST
        if not data:
            return LOST
        if self._received:
            data = self._received + data
        found = answer.status(data)
        self._received = b"" if found else data
        return found

    def renew(self) -> None:
        """Connect anew, after the server has closed. The number of the descriptor may change."""
        self.close()
        self._open()

    def close(self) -> None:
        """Hang up."""
        self._poll.unregister(self.fd)
        self._socket.close()

    def _open(self) -> None:
        self._received = b""
        self._socket = socket.create_connection((HOST, self._port), timeout=CONNECT_S_MAX)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.settimeout(0)
        self.fd = self._socket.fileno()
        self._poll.register(self.fd, select.EPOLLIN)
