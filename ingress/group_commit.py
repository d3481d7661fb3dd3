"""Group commit: requests that wait at the same moment share one statement and one commit.

Two writers, each with a connection of its own: in a flood one gathers while the other waits for
the disk, otherwise the second stands by.
A connection that dies or hangs costs its batch one more try on a new one, which is safe because
every event has a key; what cannot be committed in time is refused, and nothing is kept by half.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import psycopg
import structlog

from ingress import lasting, record, store
from ingress.waiting_room import WaitingRoom
from ingress.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from ingress.entry import Entry, Group, Kept
    from ingress.record import Recorder
    from ingress.store import Connection

WRITERS = 2

TRIES_MAX = 2
"""Tries of one batch, each on a connection of its own."""

STATEMENT_S_MAX = 1.0
"""Seconds for a batch; then its connection is cut off, and the rest is for another try."""

RECONNECT_PAUSE_S = 0.1
"""Seconds between two attempts to connect."""

STOP_S_MAX = 4.0
"""Seconds that waiting requests have to be committed when the process stops."""

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()


class GroupCommit:
    """The writers and their waiting room. A `writer_type` of another kind writes elsewhere."""

    def __init__(
        self,
        open_: Callable[[], Awaitable[Connection]],
        recorder: Recorder,
        *,
        writer_type: type[Writer],
    ) -> None:
        self._room = WaitingRoom()
        self._writers = [writer_type(open_, recorder, self._room) for _ in range(WRITERS)]
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def is_connected(self) -> bool:
        """Whether every writer has a connection."""
        return all(writer.is_connected for writer in self._writers)

    def start(self) -> None:
        """Begin to write."""
        self._tasks = [lasting.start(writer.run(), name="writer") for writer in self._writers]
        self._tasks.append(lasting.start(self._room.watch(), name="waiting room"))

    def keep(self, entries: tuple[Entry, ...]) -> Coroutine[Any, Any, Kept]:
        """Answer once the entries are committed; see `WaitingRoom.keep`."""
        return self._room.keep(entries)

    async def stop(self) -> None:
        """Commit what still waits, within `STOP_S_MAX`, then let go of the connections."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_S_MAX):
                while len(self._room) or any(writer.is_busy for writer in self._writers):  # noqa: ASYNC110 - once, when all ends
                    await asyncio.sleep(RECONNECT_PAUSE_S / 10)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for writer in self._writers:
            await writer.close()


class Writer:
    """One connection and the loop that writes with it."""

    def __init__(
        self, open_: Callable[[], Awaitable[Connection]], recorder: Recorder, room: WaitingRoom
    ) -> None:
        self._open = open_
        self._recorder = recorder
        self._room = room
        self._wire: Wire | None = None
        self._is_away = False
        self.is_busy = False

    @property
    def is_connected(self) -> bool:
        """Whether it has a connection that worked when it was last used."""
        return self._wire is not None

    async def run(self) -> None:
        """Write for ever. No error of one batch ends it."""
        while True:
            await self._connected()
            batch = await self._room.take()
            self.is_busy = True
            try:
                await self._write(batch)
            except Exception as error:  # noqa: BLE001 - a writer that ended would stop the door
                log.error("writer.failed", error_class=type(error).__name__)  # noqa: TRY400
                await self.close()
            finally:
                record.fail(batch, "the store did not commit")
                self.is_busy = False
                self._room.finished(comes_back=self.is_connected)

    async def close(self) -> None:
        """Let go of the connection."""
        wire, self._wire = self._wire, None
        if wire is not None:
            await wire.close()

    async def _write(self, batch: list[Group]) -> None:
        for _ in range(TRIES_MAX):
            wire = await self._connected()
            batch = [group for group in batch if not group.answered.done() or is_left(group)]
            if not batch:
                return
            try:
                await self._record(wire, batch)
            except psycopg.Error as error:
                self._note_away(error)
                await self.close()
                for group in batch:
                    group.doubt()
            else:
                return

    async def _record(self, wire: Wire, batch: list[Group]) -> None:
        """Record the batch; raise psycopg.OperationalError when it takes too long.

        Nobody knows then what became of it, and the wire is of no use any more.
        """
        try:
            async with asyncio.timeout(STATEMENT_S_MAX):
                await self._recorder.record(wire, batch)
        except TimeoutError as error:
            raise psycopg.OperationalError(f"no answer within {STATEMENT_S_MAX} s") from error

    async def _connected(self) -> Wire:
        """Return a connection, however long it takes; the waiting room watches the deadlines."""
        while self._wire is None:
            try:
                self._wire = Wire(await self._open())
            except store.AWAY as error:
                self._note_away(error)
                await asyncio.sleep(RECONNECT_PAUSE_S)
            else:
                self._note_back()
        return self._wire

    def _note_away(self, error: Exception) -> None:
        if not self._is_away:
            log.error("store.unavailable", error_class=type(error).__name__)
        self._is_away = True

    def _note_back(self) -> None:
        if self._is_away:
            log.info("store.available")
        self._is_away = False


def is_left(group: Group) -> bool:
    """Say whether the caller went away but its event has still to be kept."""
    return group.answered.cancelled() and not all(entry.event_id for entry in group.entries)
