"""The waiting room: requests between arrival and commit. Bounded in number, bytes and time.

There is no timer that gathers a batch: a writer takes all that came while it was busy.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from ingress.entry import Group
from ingress.errors import StoreUnavailable

if TYPE_CHECKING:
    from ingress.entry import Entry, Kept

WAITING_MAX = 5_000
"""Requests that wait for a writer; beyond it a new one is told to come again."""

WAITING_BYTES_MAX = 67_108_864
"""Bytes of their bodies."""

BATCH_MAX = 500
"""Requests in one statement."""

BATCH_BYTES_MAX = 8_388_608
"""Bytes of bodies in one statement, unless a single request has more."""

DEADLINE_S = 1.5
"""Seconds from arrival until a request is refused; the answer promised within 2 s has room."""

HELP_AT = 16
"""Requests that wait while a writer is at work from which on another one helps. A commit costs as
much as some ten requests do, so that few requests are better off in one commit than in two; none
waits longer than `SWEEP_S` for a writer that may be stuck."""

SWEEP_S = 0.05
"""Seconds between two looks for requests that wait too long, and from which on one is helped."""


class WaitingRoom:
    """Where requests wait, and from where writers take them."""

    def __init__(self) -> None:
        self._waiting: deque[Group] = deque()
        self._waiting_bytes = 0
        self._by_deadline: deque[Group] = deque()
        self._idle: deque[asyncio.Future[None]] = deque()
        self._writing = 0

    def __len__(self) -> int:
        """Return how many wait."""
        return len(self._waiting)

    async def keep(self, entries: tuple[Entry, ...]) -> Kept:
        """Return what became of the entries, once they are committed.

        Raises StoreUnavailable when there is no room, or no answer within `DEADLINE_S`. When the
        caller is cancelled the entries stay: the event is real, whoever still listens.
        """
        if len(self._waiting) >= WAITING_MAX or self._waiting_bytes >= WAITING_BYTES_MAX:
            raise StoreUnavailable("too many requests wait for the store")
        loop = asyncio.get_running_loop()
        group = Group(entries, loop.create_future(), loop.time() + DEADLINE_S)
        self._waiting.append(group)
        self._waiting_bytes += group.size_bytes
        self._by_deadline.append(group)
        if not self._writing or len(self._waiting) >= HELP_AT:
            self._wake_one()
        return await group.answered

    async def take(self) -> list[Group]:
        """Return all that waits, up to the limits of a batch; wait for the first.

        The writer says `finished` once it is done with it.
        """
        while True:
            batch = self._batch()
            if batch:
                self._writing += 1
                return batch
            waker = asyncio.get_running_loop().create_future()
            self._idle.append(waker)
            await waker

    def finished(self, *, comes_back: bool) -> None:
        """Note that a batch is done with. A writer that does not come back soon calls another."""
        self._writing -= 1
        if not comes_back and self._waiting:
            self._wake_one()

    async def watch(self) -> None:
        """Fail what waits too long, and have what waits at all long looked at, for ever."""
        while True:
            await asyncio.sleep(SWEEP_S)
            now_s = asyncio.get_running_loop().time()
            if self._waiting and now_s >= self._waiting[0].overdue_at_s - DEADLINE_S + SWEEP_S:
                self._wake_one()
            while self._by_deadline and self._is_over(self._by_deadline[0], now_s):
                self._by_deadline.popleft()

    def _is_over(self, group: Group, now_s: float) -> bool:
        """Say whether nobody waits for the group any more; every group waits equally long."""
        if group.answered.done():
            return True
        if now_s < group.overdue_at_s:
            return False
        group.overdue = True
        group.fail(StoreUnavailable("the store did not commit in time"))
        return True

    def _batch(self) -> list[Group]:
        batch: list[Group] = []
        size_bytes = 0
        while self._waiting and len(batch) < BATCH_MAX:
            if batch and size_bytes + self._waiting[0].size_bytes > BATCH_BYTES_MAX:
                break
            group = self._waiting.popleft()
            self._waiting_bytes -= group.size_bytes
            if not group.overdue:
                batch.append(group)
                size_bytes += group.size_bytes
        return batch

    def _wake_one(self) -> None:
        while self._idle:
            waker = self._idle.popleft()
            if not waker.done():
                waker.set_result(None)
                return
