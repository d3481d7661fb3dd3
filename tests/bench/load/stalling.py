"""A server that answers at once, but for one stretch of time in which it answers nobody."""

from __future__ import annotations

import contextlib
import socketserver
import threading
import time
from typing import TYPE_CHECKING

from tests.bench.load.target import HOST

if TYPE_CHECKING:
    from collections.abc import Iterator

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
RECEIVE_BYTES = 65_536


class Stalling(socketserver.ThreadingTCPServer):
    """Serves requests with one known body; the first of them begins the time.

    One that `hangs_up` ends the connection where its answer should be.
    """

    request_queue_size = 64
    daemon_threads = True

    def __init__(self, *, after_s: float, for_s: float, body: bytes, hangs_up: bool) -> None:
        super().__init__((HOST, 0), _Connection)
        self.body = body
        self.hangs_up = hangs_up
        self._stalls_s = (after_s, after_s + for_s)
        self._begun_s: float | None = None

    def stall(self) -> None:
        """Return at once, or when the stretch of time is over."""
        now_s = time.monotonic()
        self._begun_s = self._begun_s or now_s
        begins_s, ends_s = (self._begun_s + each for each in self._stalls_s)
        if begins_s <= now_s < ends_s:
            time.sleep(ends_s - now_s)


class _Connection(socketserver.BaseRequestHandler):
    server: Stalling

    def handle(self) -> None:
        received = b""
        with contextlib.suppress(OSError):
            while data := self.request.recv(RECEIVE_BYTES):
                received += data
                if not received.endswith(self.server.body):
                    continue
                if self.server.hangs_up:
                    return
                received = b""
                self.server.stall()
                self.request.sendall(ANSWER)


@contextlib.contextmanager
def stalling(
    *, after_s: float = 0, for_s: float = 0, body: bytes, hangs_up: bool = False
) -> Iterator[int]:
    """Serve in a thread of the test; give the port."""
    with Stalling(after_s=after_s, for_s=for_s, body=body, hangs_up=hangs_up) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
