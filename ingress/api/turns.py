"""Turns: requests that would wait for the same lock wait here, where that costs no connection.

Otherwise a herd of requests about one customer would hold all connections of the process, each
waiting for the one before it, and everybody else would wait for them.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Hashable

    from ingress.api.pulse import Pulse

TOGETHER_MAX = 2
"""Requests of one name that go on at once: one works while the other is on its way to the lock."""


@dataclass(slots=True)
class _Queue:
    places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(TOGETHER_MAX))
    members: int = 0


class Turns:
    """The queues of one process, by what their members lock."""

    def __init__(self, pulse: Pulse) -> None:
        self._pulse = pulse
        self._queues: dict[Hashable, _Queue] = {}

    def __len__(self) -> int:
        """Return how many queues there are."""
        return len(self._queues)

    @contextlib.asynccontextmanager
    async def take(self, name: Hashable | None) -> AsyncIterator[None]:
        """Wait for a turn, in order of arrival, and keep it for the block; None needs none.

        Raises StoreUnavailable when the wait is over before (`ingress.api.pulse`).
        """
        if name is None:
            yield
            return
        queue = self._queues.setdefault(name, _Queue())
        queue.members += 1
        try:
            if queue.places.locked():
                await self._pulse.wait(queue.places.acquire())
            else:
                await queue.places.acquire()
            try:
                yield
            finally:
                queue.places.release()
        finally:
            queue.members -= 1
            if not queue.members:
                del self._queues[name]
