"""The pulse: whether the store answers anybody.

Whoever waits for a connection or a turn waits on while it does: a queue is not an outage. When it
answers nobody any more, all that wait are told so soon.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from ingress.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable

T = TypeVar("T")

SILENCE_S_MAX = 1.5
"""Seconds without an answer of the store to anybody, after which it is away. Longer than any
statement waits for a lock: that it did not get one is an answer, too."""

QUEUE_S_MAX = 10.0
"""Seconds that a request waits, all its waits together, however well the store is."""


class Pulse:
    """Notes every answer of the store, and lets others wait while there are some."""

    def __init__(self) -> None:
        self._answered_s = float("-inf")

    def note(self) -> None:
        """Note that the store has answered, whatever it said."""
        self._answered_s = asyncio.get_running_loop().time()

    async def wait(self, awaited: Awaitable[T], *, until_s: float | None = None) -> T:
        """Return what is awaited. Raises StoreUnavailable, with that cancelled, when it is over.

        That is at `until_s` (loop time; by default `QUEUE_S_MAX` from now) at the latest.
        """
        try:
            async with asyncio.timeout(None) as patience:
                watch = _Watch(self, patience, until_s)
                try:
                    return await awaited
                finally:
                    watch.stop()
        except TimeoutError as error:
            raise StoreUnavailable("no connection to the store in time") from error

    def due_s(self, begun_s: float, until_s: float) -> float:
        """Return when a wait that began then is over, as things stand (seconds of the loop)."""
        return min(max(begun_s, self._answered_s) + SILENCE_S_MAX, until_s)


class _Watch:
    """Looks, each time one wait would be over, whether there were answers meanwhile."""

    def __init__(self, pulse: Pulse, patience: asyncio.Timeout, until_s: float | None) -> None:
        self._pulse = pulse
        self._patience = patience
        self._loop = asyncio.get_running_loop()
        self._begun_s = self._loop.time()
        self._until_s = self._begun_s + QUEUE_S_MAX if until_s is None else until_s
        self._next = self._loop.call_at(self._due_s(), self._look)

    def stop(self) -> None:
        self._next.cancel()

    def _look(self) -> None:
        due_s = self._due_s()
        if self._loop.time() < due_s:
            self._next = self._loop.call_at(due_s, self._look)
        else:
            self._patience.reschedule(self._loop.time())

    def _due_s(self) -> float:
        return self._pulse.due_s(self._begun_s, self._until_s)
