"""Events a second from the request to the money, all processes at once on this machine."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.bench import checks
from tests.bench.load.flood import flood
from tests.bench.measures.scene import ALL, Scene, scene, target
from tests.bench.stage.cpu import memory_bytes
from tests.bench.stage.run import Round

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.bench.load.result import Flood
    from tests.bench.stage.processes import Processes
    from tests.bench.stage.run import Run

NAME = "end_to_end"
FOR_S = 5
WARM_UP_S = 1
WARM_UP_DELIVERIES = 10_000
HEADROOM = 3
"""Deliveries that are made ready, to those that the warm-up says will be sent."""

LEAST_PER_S = 3_000
"""Deliveries that are made ready for each second, though the warm-up met a busy machine."""


@dataclass(frozen=True, slots=True)
class EndToEnd:
    """A round; the flood; how long the backlog it left took; resident memory by process."""

    round: Round
    flood: Flood
    drain_s: float
    memory_bytes: Mapping[str, int]


def measure(run: Run, *, for_s: int = FOR_S) -> EndToEnd:
    """Return events applied in a second, from the first request until nothing is owed any more.

    CPU is that of one event over the whole of that time.
    """
    with scene(run, NAME) as on, on.ours(ALL) as running:
        warm_up = _warm_up(on, running)
        ready_per_s = max(LEAST_PER_S, math.ceil(warm_up.acknowledged_per_s * HEADROOM))
        _, requests = on.paid(ready_per_s * for_s)
        run.grounds.settle()
        before, meter = on.stored(), running.meter()
        found = flood(target(running), requests, for_s=for_s)
        drained_s = on.until_drained(running)
        applied = on.stored() - before
        cpu_us = meter.us_per(applied) | {found.generator: found.cpu_us}
        memory = {name: memory_bytes(each.pid) for name, each in running.running.items()}
        found.require_all_acknowledged()
        acknowledged = warm_up.acknowledged + found.acknowledged
        checks.check(run, NAME, on.database_url, acknowledged)
        round_ = Round(applied / (drained_s - found.begun_s), cpu_us)
        return EndToEnd(round_, found, drained_s - found.ended_s, memory)


def _warm_up(on: Scene, running: Processes) -> Flood:
    _, requests = on.paid(WARM_UP_DELIVERIES)
    found = flood(target(running), requests, for_s=WARM_UP_S)
    on.until_drained(running)
    return found
