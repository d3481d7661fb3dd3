"""Wires: HTTP/1.1 at a fraction of a client's cost, because the lab shares two cores with its prey.

A front is one address of the service with the connections to it that are kept open. Exchanges are
sent by callback: no task, no stream and no timer for each, but one look at the oldest of them.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

ANSWER_S_MAX = 5.0
"""Longest wait for an answer, the connecting included; providers wait 5 to 30 s."""

IN_FLIGHT_MAX = 128
"""Exchanges under way at one front; more would have to wait, and count as late."""

IDLE_MAX = 24
"""Connections of a front that are kept open although nobody uses them."""

HEAD_BYTES_MAX = 16_384
HEAD_END = b"\r\n\r\n"
LENGTH = b"content-length: "
CLOSE = b"connection: close"
NO_STATUS = 0
TURNS_TO_HANG_UP = 3
"""Turns of the loop after which a connection that was cut is known to be."""


class Answer:
    """What came back. `status` is NO_STATUS where nothing did: then `error` says why."""

    __slots__ = ("body", "error", "head", "status")

    def __init__(self, status: int, head: bytes, body: bytes, error: str = "") -> None:
        self.status = status
        self.head = head
        self.body = body
        self.error = error


class Exchange:
    """One request under way; `done` is called once, with its answer or without one."""

    __slots__ = ("began_s", "done", "request", "wire")

    def __init__(self, request: bytes, done: Callable[[Answer], None]) -> None:
        self.request = request
        self.done: Callable[[Answer], None] | None = done
        self.began_s = 0.0
        self.wire: Wire | None = None


class Front:
    """One address. All of it happens in the thread of its loop."""

    def __init__(self, name: str, url: str, *, answer_s_max: float = ANSWER_S_MAX) -> None:
        address = urlsplit(url)
        if address.hostname is None or address.port is None:
            raise ValueError(f"{url} names no host and port")
        self.name = name
        self.host = f"{address.hostname}:{address.port}"
        self._address = (address.hostname, address.port)
        self._answer_s_max = answer_s_max
        self._idle: list[Wire] = []
        self._under_way: dict[Exchange, None] = {}
        self._connecting: set[asyncio.Task[None]] = set()

    @property
    def in_flight(self) -> int:
        """How many exchanges are under way."""
        return len(self._under_way)

    @property
    def is_full(self) -> bool:
        """Whether nothing more may be sent now."""
        return len(self._under_way) >= IN_FLIGHT_MAX

    def send(self, exchange: Exchange) -> None:
        """Send it on a connection that is free, or on a new one."""
        exchange.began_s = time.monotonic()
        self._under_way[exchange] = None
        if self._idle:
            self._idle.pop().carry(exchange)
            return
        task = asyncio.get_running_loop().create_task(self._connect(exchange))
        self._connecting.add(task)
        task.add_done_callback(self._connecting.discard)

    def give_up(self) -> None:
        """End what has had no answer for too long: unknown it is, and its connection is cut."""
        now_s = time.monotonic()
        while self._under_way:
            oldest = next(iter(self._under_way))
            if now_s - oldest.began_s < self._answer_s_max:
                return
            wire = oldest.wire
            self.ended(oldest, Answer(NO_STATUS, b"", b"", "no answer in time"))
            if wire is not None:
                wire.cut()

    def close(self) -> None:
        """Hang up everywhere; what is under way has no answer."""
        for task in self._connecting:
            task.cancel()
        for exchange in list(self._under_way):
            wire = exchange.wire
            self.ended(exchange, Answer(NO_STATUS, b"", b"", "not waited for"))
            if wire is not None:
                wire.cut()
        while self._idle:
            self._idle.pop().cut()

    def ended(self, exchange: Exchange, answer: Answer) -> None:
        """Hand an answer to who waits for it; the first one counts."""
        done, exchange.done, exchange.wire = exchange.done, None, None
        self._under_way.pop(exchange, None)
        if done is not None:
            done(answer)

    def free(self, wire: Wire) -> None:
        """Keep a connection for the next exchange."""
        if len(self._idle) < IDLE_MAX:
            self._idle.append(wire)
        else:
            wire.cut()

    def lost(self, wire: Wire) -> None:
        """Forget a connection."""
        if wire in self._idle:
            self._idle.remove(wire)

    async def _connect(self, exchange: Exchange) -> None:
        loop = asyncio.get_running_loop()
        try:
            _, wire = await loop.create_connection(lambda: Wire(self), *self._address)
        except OSError as error:
            self.ended(exchange, Answer(NO_STATUS, b"", b"", type(error).__name__))
            return
        if exchange.done is None:  # it was given up meanwhile
            self.free(wire)
        else:
            wire.carry(exchange)


class Wire(asyncio.Protocol):
    """One connection, with one exchange at a time."""

    def __init__(self, front: Front) -> None:
        self._front = front
        self._transport: asyncio.Transport | None = None
        self._exchange: Exchange | None = None
        self._received = b""

    def carry(self, exchange: Exchange) -> None:
        """Send a request; its answer is the next that comes."""
        self._exchange = exchange
        exchange.wire = self
        self._received = b""
        if self._transport is not None:
            self._transport.write(exchange.request)

    def cut(self) -> None:
        """Close it at once, without a farewell; nobody waits for it any more."""
        self._exchange = None
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember what to write to."""
        # uvloop's is no subclass of asyncio's, but has all that one has.
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever waits that nothing will come."""
        self._transport = None
        self._front.lost(self)
        exchange, self._exchange = self._exchange, None
        if exchange is not None:
            error = "connection closed" if exc is None else type(exc).__name__
            self._front.ended(exchange, Answer(NO_STATUS, b"", b"", error))

    def data_received(self, data: bytes) -> None:
        """Read on until the answer is whole."""
        received = self._received + data if self._received else data
        self._received = received
        end = received.find(HEAD_END)
        if end < 0:
            if len(received) > HEAD_BYTES_MAX:
                self._answered(Answer(NO_STATUS, b"", b"", "an endless head"), keep=False)
            return
        head = received[:end].lower()
        at = head.find(LENGTH)
        status = _number(head[9:12])
        if at < 0:
            self._answered(Answer(status, head, b""), keep=False)
            return
        length = _number(head[at + len(LENGTH) :].partition(b"\r")[0])
        body = received[end + len(HEAD_END) :]
        if len(body) >= length:
            self._answered(Answer(status, head, body[:length]), keep=CLOSE not in head)

    def _answered(self, answer: Answer, *, keep: bool) -> None:
        exchange, self._exchange = self._exchange, None
        if exchange is None:  # an answer to nothing: it has been given up
            self.cut()
            return
        if keep:
            self._front.free(self)
        else:
            self.cut()
        self._front.ended(exchange, answer)


async def hang_up(fronts: Iterable[Front]) -> None:
    """Close all connections, and return once the system knows of it."""
    for front in fronts:
        front.close()
    for _ in range(TURNS_TO_HANG_UP):
        await asyncio.sleep(0)


def _number(digits: bytes) -> int:
    """Return a number of the head, NO_STATUS where there is none."""
    return int(digits) if digits.isdigit() else NO_STATUS
