"""Growth: what an event costs when many have been before it, by CPU, which a busy disk leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg

from tests.bench import checks
from tests.bench.load import offer
from tests.bench.load.offer import Offer
from tests.bench.measures.scene import Scene, target
from tests.bench.stage.run import Round

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.bench.stage.processes import Processes
    from tests.bench.stage.run import Run

NAME = "growth"
TAG = "steady"
NAMES = ("web", "worker", "relay")
ROUNDS = 3
RATE_PER_S = 400
WARM_UP_S = 2
FOR_S = 4


def measure(
    run: Run,
    databases: Sequence[str],
    *,
    rounds: int = ROUNDS,
    rate_per_s: int = RATE_PER_S,
    for_s: int = FOR_S,
) -> dict[str, list[Round]]:
    """Return rounds by database: CPU microseconds of one event, all processes and both stores.

    Each round gives every database the same load in turn, the other way round every other time.
    The databases are there before and stay; what a round adds to them is little.
    """
    found: dict[str, list[Round]] = {name: [] for name in databases}
    for number in range(rounds):
        for name in databases[:: -1 if number % 2 else 1]:
            found[name].append(_round(run, name, rate_per_s, for_s))
    return found


def _round(run: Run, database: str, rate_per_s: int, for_s: int) -> Round:
    url = run.grounds.url(database)
    with psycopg.connect(url, autocommit=True) as connection:
        on = Scene(run, f"{NAME}_{database}", url, run.grounds.redis(), connection)
        with on.ours(NAMES) as running:
            _send(on, running, rate_per_s, WARM_UP_S)
            cpu_us = _send(on, running, rate_per_s, for_s)
        on.file().unlink()
    return Round(sum(cpu_us.values()), cpu_us)


def _send(on: Scene, running: Processes, rate_per_s: int, for_s: int) -> dict[str, float]:
    """Send for so long, wait until all is applied, check it, and return the CPU of one event."""
    numbers, requests = on.paid(rate_per_s * for_s)
    on.run.grounds.settle()
    offered = Offer(TAG, target(running), requests, rate_per_s, len(numbers))
    out = on.run.folder / f"{on.name}.sent"
    with offer.sending([offered], seed=on.run.seed, out=out) as sender:
        meter = running.meter()
        sender.begin()
        sender.finish()
        on.until_drained(running)
        cpu_us = meter.us_per(len(numbers))
    checks.check_payments(on.run, on.name, on.database_url, numbers)
    return cpu_us
