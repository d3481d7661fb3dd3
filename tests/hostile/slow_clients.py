"""Slow clients: heads, bodies and readings that take for ever, and good deliveries beside them."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.hostile.inputs import charge, code, request, signed

if TYPE_CHECKING:
    from collections.abc import Iterator

DRIP_S = 0.2
"""Seconds between two bytes of a slow client."""

GIVE_UP_S = 20.0
"""Seconds after which a slow client is taken to be served for ever."""

GOOD_S = 0.02
"""Seconds between two good deliveries."""

_HEAD = b"POST /webhooks/paystack HTTP/1.1\r\nHost: pay.example\r\n"
_BODY = charge("slow", 1)
_SIGNED = b"X-Paystack-Signature: " + code(_BODY) + b"\r\n"
_LENGTH = b"Content-Length: 9999\r\n\r\n"
_ASKED = 60
"""Answers of some 100 kB each that somebody asks for who reads none: more than a kernel holds."""


@dataclass(frozen=True, slots=True)
class Slow:
    """A slow client: what it says at once, and what it then says again and again."""

    name: str
    at_once: bytes
    dripping: bytes = b""
    reads: bool = True


SLOW = (
    Slow("says nothing", b""),
    Slow("says blank lines", b"", b"\r\n"),
    Slow("says half a method", b"PO"),
    Slow("drips a method", b"", b"P"),
    Slow("drips a path", b"POST /", b"a"),
    Slow("drips a header", _HEAD, b"X: y\r\n"),
    Slow("drips a header's value", _HEAD + b"X: ", b"y"),
    Slow("stops before the end of the head", _HEAD + _SIGNED),
    Slow("says no body", _HEAD + b"Content-Length: 500\r\n\r\n"),
    Slow("drips a body", _HEAD + b"Content-Length: 5000\r\n" + _SIGNED + b"\r\n", b"x"),
    Slow("asks first and says nothing", _HEAD + b"Expect: 100-continue\r\n" + _LENGTH),
    Slow("drips chunks", _HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    Slow("drips the size of a chunk", _HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"0"),
    Slow("drips an extension", _HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;", b"a"),
    Slow("drips trailers", _HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"A: b\r\n"),
    Slow("leaves a chunked body open", _HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"),
    Slow("a good request, then half of one", request("GET", "/livez") + b"GET /li"),
    Slow("a good delivery, then a body that drips", signed(_BODY) + _HEAD + _LENGTH, b"x"),
    Slow("a refused body that goes on", _HEAD + b"Content-Length: 9999999\r\n\r\n", b"x" * 1_000),
    Slow("a body for nobody that goes on", _HEAD.replace(b"webhooks", b"nowhere") + _LENGTH, b"x"),
    Slow("reads nothing", request("GET", "/openapi.json") * _ASKED, reads=False),
)


@dataclass
class Good:
    """Good deliveries, one after the other, and how long each took."""

    port: int
    took_s: list[float] = field(default_factory=list)
    refused: list[bytes] = field(default_factory=list)
    ending: threading.Event = field(default_factory=threading.Event)

    def run(self, first: int) -> None:
        """Deliver until told to end, on one connection, as a provider does."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=GIVE_UP_S) as connection:
            number = first
            while not self.ending.wait(GOOD_S):
                number += 1
                began_s = time.monotonic()
                connection.sendall(signed(charge("good", number)))
                answer = connection.recv(65_536)
                self.took_s.append(time.monotonic() - began_s)
                if not answer.startswith(b"HTTP/1.1 200 "):
                    self.refused.append(answer)


@contextlib.contextmanager
def delivering(port: int, first: int) -> Iterator[Good]:
    """Deliver good things beside the block."""
    good = Good(port)
    thread = threading.Thread(target=good.run, args=(first,))
    thread.start()
    try:
        yield good
    finally:
        good.ending.set()
        thread.join()


def served_s(port: int, slow: Slow) -> float:
    """Return for how long the server bore the client."""
    began_s = time.monotonic()
    with socket.socket() as connection:
        if not slow.reads:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_048)
        connection.settimeout(DRIP_S)
        connection.connect(("127.0.0.1", port))
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):
            connection.sendall(slow.at_once)
            while time.monotonic() - began_s < GIVE_UP_S:
                if _is_over(connection, reads=slow.reads):
                    break
                connection.sendall(slow.dripping)
    return time.monotonic() - began_s


def _is_over(connection: socket.socket, *, reads: bool) -> bool:
    """Wait a moment; say whether the server has ended the connection."""
    if not reads:
        time.sleep(DRIP_S)
        return connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0
    with contextlib.suppress(TimeoutError):
        return not connection.recv(65_536)
    return False


def idle_served_s(port: int, count: int) -> list[float]:
    """Open so many connections, say nothing, and return for how long the server bore each."""
    with contextlib.ExitStack() as open_, selectors.DefaultSelector() as selector:
        for _ in range(count):
            connection = open_.enter_context(socket.create_connection(("127.0.0.1", port)))
            selector.register(connection, selectors.EVENT_READ, time.monotonic())
        served_s = [GIVE_UP_S] * count
        for number in range(count):
            found = selector.select(GIVE_UP_S)
            if not found:
                break
            key, _ = found[0]
            selector.unregister(key.fileobj)
            served_s[number] = time.monotonic() - key.data
    return served_s


def percentile(values: list[float], share: float) -> float:
    """Return the value that this share of all stays below."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]
