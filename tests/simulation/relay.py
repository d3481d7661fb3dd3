"""The relay: rings for what is due, takes back what died with its worker, asks by the schedule."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, cast

from domain import retry
from domain.wakeup import Lane
from tests.simulation.database import MemoryDatabase
from workers import sweeps
from workers.scheduling import verify_due
from workers.store import inbox

if TYPE_CHECKING:
    from datetime import datetime
    from random import Random

    from tests.simulation.memory import Memory
    from tests.simulation.schedule import Schedule
    from tests.simulation.workers import Workers
    from workers.database import Database

ASKED_AFTER_S = (300.0, 3_600.0, 86_400.0)
"""When a payment under way is asked about."""

RINGS_MAX = 100
SWEEP_S = 1.0
"""Least time between two sweeps."""


class Relay:
    """Sweeps when something is due, and not before."""

    def __init__(
        self, chance: Random, schedule: Schedule, memory: Memory, workers: Workers
    ) -> None:
        self._chance = chance
        self._schedule = schedule
        self._memory = memory
        self._workers = workers
        self._planned_s: float | None = None
        self.is_calm = False

    def plan(self) -> None:
        """Plan the next sweep for when something is due."""
        due_s = self._due_s()
        if due_s is None:
            return
        at_s = max(due_s, self._schedule.clock.now_s + SWEEP_S)
        if self._planned_s is None or at_s < self._planned_s:
            self._planned_s = at_s
            self._schedule.later(at_s - self._schedule.clock.now_s, partial(self._sweep, at_s))

    def _due_s(self) -> float | None:
        memory = self._memory
        times: list[datetime] = [row.next_at for row in memory.work.values()]
        times += [row.next_at for row in memory.verifications.values()]
        if memory.claims:
            return memory.clock.now_s
        if not times:
            return None
        return memory.clock.now_s + (min(times) - memory.clock.now()).total_seconds()

    def _sweep(self, at_s: float) -> None:
        if at_s != self._planned_s:
            return  # An earlier sweep was planned since, and has swept.
        self._planned_s = None
        database = cast("Database", MemoryDatabase(self._memory))
        sweeps.revive_crashed(database)
        sweeps.take_up_announced(database)
        sweeps.bury_overdue(database)
        verify_due(database, ASKED_AFTER_S)
        for lane in Lane:
            self._ring(database, lane)

    def _ring(self, database: Database, lane: Lane) -> None:
        with database.transaction() as tx:
            due = inbox.ring_again(
                tx,
                lane=lane,
                limit=RINGS_MAX,
                first_s=retry.RING_DELAY_S_FIRST,
                longest_s=retry.RING_DELAY_S_MAX,
            )
        calm = [item.event_id for item in due if item.crashes < retry.CRASHES_BEFORE_SPLIT]
        alone = [[item.event_id] for item in due if item.crashes >= retry.CRASHES_BEFORE_SPLIT]
        if lane is Lane.CALLS:
            for event_id in (item.event_id for item in due):
                self._deliver(partial(self._workers.call, event_id))
            return
        if lane is Lane.QUARANTINE:
            apply = partial(self._workers.apply, in_quarantine=True)
            alone = [[item.event_id] for item in due]
            calm = []
        else:
            apply = partial(self._workers.apply)
        for batch in (*self._split(calm), *alone):
            self._deliver(partial(apply, batch))

    def _split(self, event_ids: list[int]) -> list[list[int]]:
        size = self._chance.randint(1, 4)
        return [event_ids[start : start + size] for start in range(0, len(event_ids), size)]

    def _deliver(self, act: partial[None]) -> None:
        """A wake-up may be lost, or doubled; it is never more than a wake-up."""
        if not self.is_calm and self._chance.random() < 0.1:
            return
        self._schedule.later(self._chance.random() * 0.5, act)
        if self._chance.random() < 0.1:
            self._schedule.later(self._chance.random() * 3, act)
