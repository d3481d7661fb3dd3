"""A provider that answers by a script, byte by byte: each connection is one act of it."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    Act = Callable[[socket.socket], None]

TEST_S = 5.0
"""Longer than any test may take; what still waits then has failed."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A request as it arrived."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass
class ScriptedProvider:
    """Listens on a port of its own. `script` is what it does, connection by connection.

    Where the script is over, the last act is played again.
    """

    script: list[Act] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    all_there: threading.Barrier | None = None

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._acts = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def plays(self, *acts: Act) -> None:
        """Set the script."""
        self.script = list(acts)
        self._acts = 0

    def __enter__(self) -> Self:
        self._start(self._listen)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(TEST_S)
        self._listener.close()

    def silence(self, connection: socket.socket) -> None:
        """Say nothing until the test is over."""
        del connection
        self._over.wait(TEST_S)

    def dripping(self, head: bytes, every_s: float) -> Act:
        """Begin to answer, then give one byte after the other, without an end."""

        def act(connection: socket.socket) -> None:
            connection.sendall(head)
            while not self._over.wait(every_s):
                connection.sendall(b" ")

        return act

    def endless(self, head: bytes) -> Act:
        """Answer as fast as it is taken, without an end."""

        def act(connection: socket.socket) -> None:
            connection.sendall(head)
            while not self._over.is_set():
                connection.sendall(b"x" * 65_536)

        return act

    def _start(self, run: Callable[..., None], *args: Any) -> None:
        thread = threading.Thread(target=run, args=args)
        self._threads.append(thread)
        thread.start()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return  # the test is over
            self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            connection.settimeout(TEST_S)
            request = _read_request(connection)
            if request is None:
                return
            with self._lock:
                self.heard.append(request)
                act = self.script[min(self._acts, len(self.script) - 1)]
                self._acts += 1
            if self.all_there is not None:
                self.all_there.wait(TEST_S)
                self.all_there.wait(TEST_S)  # the test has seen that all are here, and lets go
            try:
                act(connection)
            except OSError:
                return  # the client has gone, as it should from one that does not end


def _read_request(connection: socket.socket) -> Heard | None:
    received = b""
    while b"\r\n\r\n" not in received:
        part = connection.recv(65_536)
        if not part:
            return None
        received += part
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    pairs = (line.split(": ", 1) for line in lines)
    headers = {name.lower(): value for name, value in pairs}
    while len(body) < int(headers.get("content-length", "0")):
        body += connection.recv(65_536)
    method, target, _ = first.split(" ")
    return Heard(method, target, headers, body)


def says(body: bytes) -> Act:
    """Send these very bytes, and close."""
    return lambda connection: connection.sendall(body)


def answer(status: int, tree: Any, *headers: str, content_type: str = "application/json") -> Act:
    """Answer properly, with JSON or with bytes as they are."""
    body = tree if isinstance(tree, bytes) else json.dumps(tree).encode()
    return says(answer_head(status, len(body), *headers, content_type=content_type) + body)


def answer_head(
    status: int, length: int | None, *headers: str, content_type: str = "application/json"
) -> bytes:
    """Return a status line and headers; without a length, whatever comes until the end is it."""
    lines = [f"HTTP/1.1 {status} Said", f"Content-Type: {content_type}", "Connection: close"]
    lines += [f"Content-Length: {length}"] if length is not None else []
    return "\r\n".join([*lines, *headers, "", ""]).encode()


def resets(first: bytes = b"") -> Act:
    """Send something, then reset the connection rather than close it."""

    def act(connection: socket.socket) -> None:
        connection.sendall(first)
        time.sleep(0.05)  # so that what was sent is there before the reset is
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    return act


def deaf_port() -> int:
    """Return a port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])
