"""Latency at a fixed rate: until the 200, and from there until the money is there."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.bench import checks
from tests.bench.load import offer
from tests.bench.load.offer import Offer
from tests.bench.measures import delays
from tests.bench.measures.scene import ALL, scene, target
from tests.bench.stage.run import Round

if TYPE_CHECKING:
    from tests.bench.load.sent import Sent
    from tests.bench.measures.delays import Delays
    from tests.bench.stage.run import Run

FOR_S = 10
WARM_UP_S = 2
TAG = "steady"


@dataclass(frozen=True, slots=True)
class Latency:
    """The delays; what was sent, with the sender's own lateness; and a round of the rate itself.

    `drain_s` is how long after the last answer something was still owed: if it is much more than
    the delays of a calm system, the rate was too much for it. The round's value is what was offered
    in a second, its CPU that of one event, the idle time of every process included.
    """

    delays: Delays
    sent: Sent
    drain_s: float
    round: Round


def measure(run: Run, *, rate_per_s: int, for_s: int = FOR_S) -> Latency:
    """Offer this rate to all our processes, after a warm-up, and return how long it took."""
    name = f"latency_at_{rate_per_s}"
    with scene(run, name) as on, on.ours(ALL) as running:

        def prepared(seconds: int) -> tuple[range, Offer]:
            numbers, requests = on.paid(rate_per_s * seconds)
            run.grounds.settle()
            return numbers, Offer(TAG, target(running), requests, rate_per_s, len(numbers))

        out = run.folder / f"{name}.sent"
        warm_up = offer.send([prepared(WARM_UP_S)[1]], seed=run.seed + 1, out=out)
        on.until_drained(running)
        numbers, offered = prepared(for_s)
        meter = running.meter()
        sent = offer.send([offered], seed=run.seed, out=out)
        ended_s = time.monotonic()
        drain_s = on.until_drained(running) - ended_s
        cpu_us = meter.us_per(len(numbers))
        found = delays.of(on, numbers, sent, TAG)
        acknowledged = sent.of(TAG).acknowledged + warm_up.of(TAG).acknowledged
        checks.check(run, name, on.database_url, acknowledged)
        return Latency(found, sent, drain_s, Round(rate_per_s, cpu_us))
