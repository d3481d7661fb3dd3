"""Gathering: requests that ask the same of the store ask it together, in one statement.

There is no timer: whoever comes while a statement is on its way is in the next one. So requests
go alone while they are few, and cost the less the more of them there are.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

import psycopg
import structlog

from ingress import lasting, store
from ingress.api.ending import ended
from ingress.api.pool import WAITING_MAX, WORK_S_MAX, is_open
from ingress.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from ingress.api.pulse import Pulse
    from ingress.wire import Wire

Asked = TypeVar("Asked")
Found = TypeVar("Found")

BATCH_MAX = 64
"""Requests in one statement: no more of them can be unlucky together."""

SWEEP_S = 0.05
"""Seconds between two looks for requests that have waited too long."""

RECONNECT_PAUSE_S = 0.1
"""Seconds between two attempts to connect."""

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()


class _Waiting(NamedTuple, Generic[Asked, Found]):
    """A question, where its answer goes, and since and until when it is waited for."""

    asked: Asked
    answered: asyncio.Future[Found]
    begun_s: float
    until_s: float


class Gathering(Generic[Asked, Found]):
    """One connection, and all who wait for it.

    `ask` answers some questions over it, in their order. Once it has raised, nobody knows what
    became of any of them; what may be asked twice is, on a new connection, `tries_max` times.
    """

    def __init__(
        self,
        connect: Callable[[], Awaitable[Wire]],
        ask: Callable[[Wire, Sequence[Asked]], Awaitable[Sequence[Found]]],
        pulse: Pulse,
        *,
        tries_max: int = 1,
    ) -> None:
        self._tries_max = tries_max
        self._connect = connect
        self._ask = ask
        self._pulse = pulse
        self._wire: Wire | None = None
        self._waiting: deque[_Waiting[Asked, Found]] = deque()
        self._asking: Sequence[_Waiting[Asked, Found]] = ()
        self._sweep: asyncio.TimerHandle | None = None
        self._arrived = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to connect; a store that is away is waited for by whoever asks."""
        self._task = lasting.start(self._run(), name="gathering")

    async def stop(self) -> None:
        """Let go of the connection. Nobody waits any more."""
        if self._task is not None:
            await ended([self._task])
        if self._sweep is not None:
            self._sweep.cancel()
        await self._drop()

    async def find(self, asked: Asked, *, until_s: float) -> Found:
        """Return the answer.

        Raises StoreUnavailable when the wait is over (`Pulse.due_s`; at `until_s` by the loop's
        time at the latest) and when Postgres fails; then nobody knows whether anything was done.
        """
        if len(self._waiting) >= WAITING_MAX:
            raise StoreUnavailable("too many requests wait for the store")
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[Found] = loop.create_future()
        waiting = _Waiting(asked, answered, loop.time(), until_s)
        self._waiting.append(waiting)
        self._arrived.set()
        if self._sweep is None:
            self._sweep = loop.call_later(SWEEP_S, self._give_up)
        return await answered

    def _give_up(self) -> None:
        """Answer those who have waited too long. One timer for all is cheaper than one for each."""
        loop = asyncio.get_running_loop()
        now_s = loop.time()
        late = [
            each
            for each in (*self._asking, *self._waiting)
            if now_s >= self._pulse.due_s(each.begun_s, each.until_s)
        ]
        _fail(late)
        are_some = bool(self._asking or self._waiting)
        self._sweep = loop.call_later(SWEEP_S, self._give_up) if are_some else None

    async def _run(self) -> None:
        """Answer for ever. No error of one batch ends it."""
        while True:
            await self._connected()
            await self._arrived.wait()
            await self._connected()
            self._asking = self._taken()
            try:
                for _ in range(self._tries_max):
                    await self._try(await self._connected())
            finally:
                _fail(self._asking)
                self._asking = ()

    async def _try(self, wire: Wire) -> None:
        """Answer those who still wait, if that is to be had; else the connection is given up."""
        left = [each for each in self._asking if not each.answered.done()]
        if not left:
            return
        try:
            await self._answer(wire, left)
        except Exception as error:  # noqa: BLE001 - a door that closed would stay closed
            log.warning("api.store_failed", error_class=type(error).__name__)
            self._pulse_of(error)
            await self._drop()

    async def _answer(self, wire: Wire, batch: Sequence[_Waiting[Asked, Found]]) -> None:
        async with asyncio.timeout(WORK_S_MAX):
            found = await self._ask(wire, [each.asked for each in batch])
        self._pulse.note()
        for each, answer in zip(batch, found, strict=True):
            if not each.answered.done():
                each.answered.set_result(answer)

    def _taken(self) -> list[_Waiting[Asked, Found]]:
        """Return who goes next: those who came first and have not given up."""
        batch: list[_Waiting[Asked, Found]] = []
        while self._waiting and len(batch) < BATCH_MAX:
            waiting = self._waiting.popleft()
            if not waiting.answered.done():
                batch.append(waiting)
        if not self._waiting:
            self._arrived.clear()
        return batch

    def _pulse_of(self, error: Exception) -> None:
        """Note that the store has answered, if it was the store that failed it."""
        if isinstance(error, psycopg.Error) and error.sqlstate is not None:
            self._pulse.note()

    async def _connected(self) -> Wire:
        """Return a connection that the server has not ended, however long it takes."""
        while True:
            if self._wire is not None and is_open(self._wire.connection):
                return self._wire
            await self._drop()
            try:
                self._wire = await self._connect()
            except store.AWAY:
                await asyncio.sleep(RECONNECT_PAUSE_S)
            except Exception as error:  # noqa: BLE001 - nobody else would ever connect again
                log.error(  # noqa: TRY400 - its text may quote where the store is
                    "api.connect_failed", error_class=type(error).__name__
                )
                await asyncio.sleep(RECONNECT_PAUSE_S)
            else:
                self._pulse.note()

    async def _drop(self) -> None:
        wire, self._wire = self._wire, None
        if wire is not None:
            with contextlib.suppress(OSError):
                await wire.close()


def _fail(batch: Sequence[_Waiting[Asked, Found]]) -> None:
    for each in batch:
        if not each.answered.done():
            each.answered.set_exception(StoreUnavailable("the store did not answer in time"))
