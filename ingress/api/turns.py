"""Turns: requests that would wait for the same lock wait here, where that costs no connection.

Otherwise a herd of requests about one customer would hold all connections of the process, each
waiting for the one before it, and everybody else would wait for them. Equal requests wait for the
first of them, and are answered by what it leaves to them.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingress.api.errors import IdempotencyKeyInUse

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Hashable, Iterator

    from ingress.api.idempotency import Slot, Stored
    from ingress.api.pulse import Pulse

TOGETHER_MAX = 2
"""Requests of one name that go on at once: one works while the other is on its way to the lock."""

EQUAL_S_MAX = 1.0
"""Seconds that a request waits for another with its key."""


@dataclass(slots=True)
class Queue:
    """Those that want the same. `left` is what one with a key leaves to those behind it."""

    places: asyncio.Semaphore
    members: int = 0
    left: Stored | None = None


class Turns:
    """The queues of one process, by what their members lock."""

    def __init__(self, pulse: Pulse) -> None:
        self._pulse = pulse
        self._queues: dict[Hashable, Queue] = {}

    def __len__(self) -> int:
        """Return how many queues there are."""
        return len(self._queues)

    @contextlib.asynccontextmanager
    async def take(self, name: str | None, *, until_s: float | None) -> AsyncIterator[None]:
        """Wait for a turn, in order of arrival, and keep it for the block; None needs none.

        Raises StoreUnavailable when the wait is over before (`ingress.api.pulse`).
        """
        if name is None:
            yield
            return
        with self._queue(name, TOGETHER_MAX) as queue:
            if queue.places.locked():
                await self._pulse.wait(queue.places.acquire(), until_s=until_s)
            else:
                await queue.places.acquire()
            try:
                yield
            finally:
                queue.places.release()

    @contextlib.asynccontextmanager
    async def alone(self, slot: Slot) -> AsyncIterator[Queue]:
        """Be the only one with this key for the block, and see what the one before has left.

        Raises IdempotencyKeyInUse when that one takes longer than `EQUAL_S_MAX`.
        """
        with self._queue(slot.place, 1) as queue:
            if queue.places.locked():
                await _acquired(queue)
            else:
                await queue.places.acquire()
            try:
                yield queue
            finally:
                queue.places.release()

    @contextlib.contextmanager
    def _queue(self, name: Hashable, together: int) -> Iterator[Queue]:
        queue = self._queues.setdefault(name, Queue(asyncio.Semaphore(together)))
        queue.members += 1
        try:
            yield queue
        finally:
            queue.members -= 1
            if not queue.members:
                del self._queues[name]


async def _acquired(queue: Queue) -> None:
    try:
        async with asyncio.timeout(EQUAL_S_MAX):
            await queue.places.acquire()
    except TimeoutError as error:
        raise IdempotencyKeyInUse from error
