"""Gathering: rings that come while everybody is at work are answered together.

A ring is as small as the moment it was sent in, and a transaction costs the same whatever it holds.
So the more there is to do, the more is done in one transaction, up to `IDS_PER_RING_MAX` events.
What waits here is lost with the process; the relay then rings again.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

import structlog

from domain.wakeup import IDS_PER_RING_MAX

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

log = structlog.get_logger()

IDS_WAITING_MAX = 2 * IDS_PER_RING_MAX
"""Ids that wait here; whoever brings more waits, so that other processes get their share."""


class _Ring(NamedTuple):
    event_ids: Sequence[int]
    alone: bool


class Gathering:
    """What waits, and the threads that work it off, each with `answer` and then with `end`."""

    def __init__(
        self,
        answer: Callable[[list[int]], None],
        *,
        threads: int,
        end: Callable[[], None] = lambda: None,
    ) -> None:
        self._answer = answer
        self._end = end
        self._changed = threading.Condition()
        self._waiting: deque[_Ring] = deque()
        self._ids = 0
        self._stopping = False
        self.threads = [
            threading.Thread(target=self._run, name=f"applier-{number}", daemon=True)
            for number in range(threads)
        ]

    @property
    def ids_waiting(self) -> int:
        """How many ids wait, those in hand not counted."""
        return self._ids

    def start(self) -> None:
        """Begin to work."""
        for thread in self.threads:
            thread.start()

    def put(self, event_ids: Sequence[int], *, alone: bool = False) -> None:
        """Have the events worked off, `alone` if they must not meet others; wait for room.

        Once it is told to stop, what is brought is dropped: the relay rings for it.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._ids < IDS_WAITING_MAX or self._stopping)
            if self._stopping:
                return
            self._waiting.append(_Ring(event_ids, alone))
            self._ids += len(event_ids)
            self._changed.notify_all()

    def stop(self) -> None:
        """Let each thread end after the batch in hand; what waits is the relay's to ring for."""
        with self._changed:
            self._stopping = True
            self._waiting.clear()
            self._ids = 0
            self._changed.notify_all()

    def join(self, timeout_s: float) -> None:
        """Wait for the threads to end, so long for all of them together."""
        ends_s = time.monotonic() + timeout_s
        for thread in self.threads:
            thread.join(max(0.0, ends_s - time.monotonic()))

    def _run(self) -> None:
        while batch := self._take():
            try:
                self._answer(batch)
            except Exception as error:  # noqa: BLE001 - the relay rings again; the others go on
                log.error(  # noqa: TRY400 - its text may quote an event
                    "batch.failed", error_class=type(error).__name__, count=len(batch)
                )
        self._end()

    def _take(self) -> list[int]:
        """Return the ids of one transaction, none twice; nothing when it is time to end."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._stopping)
            batch: dict[int, None] = {}
            while self._waiting and self._fits(batch):
                ring = self._waiting.popleft()
                self._ids -= len(ring.event_ids)
                batch |= dict.fromkeys(ring.event_ids)
                if ring.alone:
                    break
            self._changed.notify_all()
            return list(batch)

    def _fits(self, batch: dict[int, None]) -> bool:
        """Say whether the next ring may join those that are taken."""
        following = self._waiting[0]
        if not batch:
            return True
        return not following.alone and len(batch) + len(following.event_ids) <= IDS_PER_RING_MAX
