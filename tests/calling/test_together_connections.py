"""A connection that is used again answers what is asked over it, and nothing from before."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest

from domain.providers.api import get
from workers.clients.limits import Limits
from workers.clients.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Iterator

TEST_S = 5.0


def written(body: bytes, *, chunked: bool) -> bytes:
    if chunked:
        return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (
            len(body),
            body,
        )
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


class Talker:
    """Answers each request by its number, and says `more` behind the first answer."""

    def __init__(self, more: bytes, *, chunked: bool) -> None:
        self._more, self._chunked = more, chunked
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.connections = 0
        self._requests = 0
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(TEST_S)
        self._listener.close()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                with connection, contextlib.suppress(ConnectionResetError):
                    self._talk(connection)

    def _talk(self, connection: socket.socket) -> None:
        connection.settimeout(TEST_S)
        while connection.recv(65_536):
            self._requests += 1
            said = written(b"%d" % self._requests, chunked=self._chunked)
            connection.sendall(said + (self._more if self._requests == 1 else b""))


@contextlib.contextmanager
def talking(more: bytes, *, chunked: bool) -> Iterator[tuple[Talker, Wire]]:
    talker = Talker(more, chunked=chunked)
    wire = Wire(talker.url, (), limits=Limits())
    try:
        yield talker, wire
    finally:
        wire.close()
        talker.close()


def asked(wire: Wire) -> bytes:
    return wire.exchange(get("transaction"), until_s=time.monotonic() + TEST_S).body


@pytest.mark.parametrize("chunked", [False, True])
def test_what_comes_behind_an_answer_is_never_taken_for_the_next_one(*, chunked: bool) -> None:
    with talking(written(b"not asked for", chunked=chunked), chunked=chunked) as (talker, wire):
        assert [asked(wire) for _ in range(3)] == [b"1", b"2", b"3"]
        assert talker.connections == 2


@pytest.mark.parametrize("chunked", [False, True])
def test_a_connection_over_which_nothing_else_came_is_used_again(*, chunked: bool) -> None:
    with talking(b"", chunked=chunked) as (talker, wire):
        assert [asked(wire) for _ in range(3)] == [b"1", b"2", b"3"]
        assert talker.connections == 1
