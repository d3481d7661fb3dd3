"""Applied events in a second, from an inbox that is full before anybody looks."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from domain.wakeup import Lane
from tests.bench import checks
from tests.bench.errors import BenchFailed
from tests.bench.measures.scene import DRAIN_S_MAX, LOOK_S, Scene, scene
from tests.bench.stage import inbox, supply
from tests.bench.stage.run import Round
from workers.broker import make_broker, ring

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.bench.stage.processes import Processes
    from tests.bench.stage.run import Run

NAMES = ("worker", "relay")
EVENTS = 15_000
FIRST_LOOK_S = 0.01
"""Time between two looks for the first event that is applied."""


def measure(run: Run, *, events: int = EVENTS, customers: int = supply.CUSTOMERS) -> Round:
    """Return events applied in a second by one worker, once it has begun, and the CPU of each.

    With one customer every event waits for the same balance.
    """
    name = "backlog_of_one_customer" if customers == 1 else "backlog"
    with scene(run, name) as on:
        numbers = run.numbers.take(events)
        inbox.fill(on.connection, numbers, customers=customers)
        run.grounds.settle()
        broker = make_broker(on.redis_url)
        ring(broker, Lane.EVENTS, list(numbers))
        broker.close()
        with on.ours(NAMES) as running:
            found = drained_of(running, on.owed, events, has_begun=partial(_claimed, on))
        checks.check(run, name, on.database_url, None)
        return found


def _claimed(on: Scene) -> bool:
    return on.count("SELECT count(*) FROM claims") > 0


def drained_of(
    running: Processes, left: Callable[[], int], events: int, *, has_begun: Callable[[], bool]
) -> Round:
    """Return how fast a backlog goes, from the first batch that is taken up until there is none.

    `left` counts what is not applied yet. So the start of the processes is no part of it.
    Raises BenchFailed when a process ends or it takes too long.
    """
    ends_s = time.monotonic() + DRAIN_S_MAX

    def look(*, every_s: float) -> int:
        running.check()
        if time.monotonic() > ends_s:
            raise BenchFailed(f"A backlog of {events} was not gone after {DRAIN_S_MAX:.0f} s.")
        time.sleep(every_s)
        return left()

    first = left()
    while first == events and not has_begun():
        first = look(every_s=FIRST_LOOK_S)
    begun_s, meter = time.monotonic(), running.meter()
    while look(every_s=LOOK_S):
        pass
    if not first:
        raise BenchFailed(f"A backlog of {events} was gone at the first look; make it longer.")
    return Round(first / (time.monotonic() - begun_s), meter.us_per(first))
