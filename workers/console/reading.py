"""Readers: a few threads with a connection each, so that a slow page holds up no other."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from domain.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from workers.database import Database

T = TypeVar("T")

READERS = 4
"""Pages that are made at a time. Each has a connection; operators are few."""

WAIT_S_MAX = 10.0
"""How long a page waits for a reader before it says that all are busy."""

NAME = "console"


class Busy(Refused):
    """All readers have been at work for too long."""

    code = "busy"
    http_status = 503
    title = "The console is busy"
    retryable = True


class Readers:
    """Threads of which each keeps its connection to itself from page to page."""

    def __init__(self, database: Database, *, count: int = READERS) -> None:
        self._database = database
        self._threads = [
            ThreadPoolExecutor(max_workers=1, thread_name_prefix=NAME) for _ in range(count)
        ]
        self._free: asyncio.LifoQueue[ThreadPoolExecutor] = asyncio.LifoQueue()
        for thread in self._threads:
            self._free.put_nowait(thread)

    async def run(self, what: Callable[[], T]) -> T:
        """Run something in a free thread. Raises Busy, and whatever it raises.

        A request whose client went away gives its thread back when the work has ended, not before.
        """
        try:
            async with asyncio.timeout(WAIT_S_MAX):
                thread = await self._free.get()
        except TimeoutError:
            raise Busy("all readers are at work; try again") from None
        work = asyncio.get_running_loop().run_in_executor(thread, what)

        def give_back(done: asyncio.Future[T]) -> None:
            self._free.put_nowait(thread)
            if not done.cancelled():
                done.exception()  # it was told to whoever still waits; nobody else has to hear it

        work.add_done_callback(give_back)
        return await asyncio.shield(work)

    async def close(self) -> None:
        """Let go of the connections, each in the thread that has it."""
        loop = asyncio.get_running_loop()
        for thread in self._threads:
            await loop.run_in_executor(thread, self._database.close)
            thread.shutdown()
