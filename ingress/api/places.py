"""Places: who waits for a change of which payment, in this process."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    Seen = tuple[int, str | None]
    """A payment as a reader has seen it: its version and its authorization URL."""

WATCHES_MAX = 2_000
"""Readers of one process that wait at once; whoever comes on top is answered as things stand."""

CLIENT_WATCHES_MAX = 500
"""Those of them that are of one client, so that there is room for others."""


class Watch:
    """One reader's place: from its making on, no change of the payment is missed."""

    def __init__(self, reference: str, client_id: str) -> None:
        self.reference = reference
        self.client_id = client_id
        self.seen: Seen | None = None
        self._change = asyncio.Event()

    async def wait(self, seen: Seen, *, until_s: float) -> None:
        """Return when the payment may be no more as it was `seen`, or at `until_s` (loop time).

        May return early: the reader reads again, and waits again when nothing has changed.
        """
        self.seen = seen
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(until_s):
                await self._change.wait()
        self._change.clear()

    def wake(self) -> None:
        """Have the reader look again."""
        self._change.set()


class Places:
    """The places of all readers; `wanted` is set while anybody waits."""

    def __init__(self) -> None:
        self.wanted = asyncio.Event()
        self._watches: dict[str, set[Watch]] = {}
        self._count = 0
        self._counts: Counter[str] = Counter()
        self._is_over = False

    def __len__(self) -> int:
        """Return how many readers have a place."""
        return self._count

    @contextlib.contextmanager
    def watch(self, reference: str, client_id: str) -> Iterator[Watch | None]:
        """Give a reader its place, None where there is none, and take it back in any case."""
        if self._is_full_for(client_id) or self._is_over:
            yield None
            return
        watch = Watch(reference, client_id)
        self._count += 1
        self._counts[client_id] += 1
        self._watches.setdefault(reference, set()).add(watch)
        self.wanted.set()
        try:
            yield watch
        finally:
            self._leave(watch)

    def all(self) -> list[Watch]:
        """Return everybody who waits."""
        return [watch for watches in self._watches.values() for watch in watches]

    def wake(self, reference: str) -> None:
        """Have everybody look again who waits for this payment."""
        for watch in self._watches.get(reference, ()):
            watch.wake()

    def release(self) -> None:
        """Wake everybody, and give no place any more."""
        self._is_over = True
        for watch in self.all():
            watch.wake()

    def _is_full_for(self, client_id: str) -> bool:
        return self._count >= WATCHES_MAX or self._counts[client_id] >= CLIENT_WATCHES_MAX

    def _leave(self, watch: Watch) -> None:
        self._count -= 1
        self._counts[watch.client_id] -= 1
        if not self._counts[watch.client_id]:
            del self._counts[watch.client_id]
        others = self._watches[watch.reference]
        others.discard(watch)
        if not others:
            del self._watches[watch.reference]
        if not self._watches:
            self.wanted.clear()
