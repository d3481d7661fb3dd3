"""Durable acknowledgements in a second: what the ingress takes while nobody applies anything."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.bench import checks
from tests.bench.load.flood import flood
from tests.bench.measures.scene import scene, target
from tests.bench.stage import supply
from tests.bench.stage.run import Round

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.bench.load.result import Flood
    from tests.bench.load.target import Target
    from tests.bench.stage.processes import Processes
    from tests.bench.stage.run import Run

    Supply = Callable[[int], Path]
    """Writes so many deliveries that were never sent, and returns the file."""

NAMES = ("web", "relay")
FOR_S = 5
WARM_UP_S = 1
WARM_UP_DELIVERIES = 20_000
"""More than anything here acknowledges in `WARM_UP_S`."""

HEADROOM = 3
"""Deliveries that are made ready, to those that the warm-up says will be sent."""

LEAST_PER_S = 6_000
"""Deliveries that are made ready for each second, though the warm-up met a busy machine."""


@dataclass(frozen=True, slots=True)
class Acks:
    """A round, and the flood behind it. `acknowledged` counts the warm-up too."""

    round: Round
    flood: Flood
    acknowledged: int


def measure(run: Run, *, for_s: int = FOR_S, duplicates: bool = False) -> Round:
    """Return acknowledgements in a second of web and relay, and the CPU of each.

    With `duplicates` each delivery comes twice, so that half of them are repeats.
    Payments are not announced: the ingress does not know them, and nobody else is there.
    """
    name = "acks_of_duplicates" if duplicates else "acks"
    with scene(run, name) as on:

        def deliveries(count: int) -> Path:
            numbers = run.numbers.take(count // 2 if duplicates else count)
            made = supply.with_duplicates(numbers) if duplicates else map(supply.delivery, numbers)
            supply.write(on.file(), made)
            return on.file()

        with on.ours(NAMES) as running:
            run.grounds.settle()
            found = acks_of(running, target(running), deliveries, for_s=for_s)
        found.flood.require_all_acknowledged()
        events = math.ceil(found.acknowledged / 2) if duplicates else found.acknowledged
        checks.check(run, name, on.database_url, events, drained=False)
        return found.round


def acks_of(running: Processes, to: Target, deliveries: Supply, *, for_s: int) -> Acks:
    """Warm whoever listens up, flood it for so many seconds, and return what it took.

    Whether all were acknowledged, and what became of them, is for the caller to judge. Raises
    BenchFailed when a process ends.
    """
    warm_up = flood(to, deliveries(WARM_UP_DELIVERIES), for_s=WARM_UP_S)
    ready_per_s = max(LEAST_PER_S, math.ceil(warm_up.acknowledged_per_s * HEADROOM))
    requests = deliveries(ready_per_s * for_s)
    meter = running.meter()
    found = flood(to, requests, for_s=for_s)
    cpu_us = meter.us_per(found.acknowledged) | {found.generator: found.cpu_us}
    running.check()
    acknowledged = warm_up.acknowledged + found.acknowledged
    return Acks(Round(found.acknowledged_per_s, cpu_us), found, acknowledged)
