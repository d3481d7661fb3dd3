"""Payments that are asked for over the API: how long a 202 takes, and how many there are a second.

For the latency every process runs, and the worker starts each payment at a simulated provider that
answers at once; nobody pays. It shares the machine like everything else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.bench import checks
from tests.bench.errors import BenchFailed, RunVoid
from tests.bench.load import offer, percentiles
from tests.bench.load.offer import Offer
from tests.bench.measures.acks import NAMES, acks_of
from tests.bench.measures.scene import ALL, Scene, scene
from tests.bench.stage import intents, supply
from tests.bench.stage.run import Round
from tests.simulator.provider import simulated

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.bench.load.percentiles import Percentiles
    from tests.bench.load.sent import Heard, Sent
    from tests.bench.stage.run import Run
    from tests.simulator.provider import Provider

NAME = "api"
FLOOD_NAME = "api_flood"
FOR_S = 8
WARM_UP_S = 2

_STARTED = """
    SELECT extract(epoch FROM pg_xact_commit_timestamp(c.xmin) - pg_xact_commit_timestamp(e.xmin))
           ::float8
    FROM provider_calls c JOIN inbound_events e ON e.id = c.event_id
    WHERE e.reference BETWEEN %s AND %s AND c.ended_at IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class Api:
    """What was heard, and the sender's own lateness.

    `started` is the time from the commit of a request until its payment is started at the provider
    and has a page to pay at. The round's value is the rate, its CPU that of one request with all
    that followed from it.
    """

    heard: Heard
    started: Percentiles
    sent: Sent
    round: Round


def latency(run: Run, *, rate_per_s: int, for_s: int = FOR_S) -> Api:
    """Ask for payments at this rate, after a warm-up, and return how long the 202 took."""
    with (
        simulated(seed=run.seed) as provider,
        scene(run, NAME) as on,
        on.ours(ALL, extra=told(provider)) as running,
    ):
        to = intents.target(running.port, intents.client(on.database_url, on.redis_url))

        def prepared(seconds: int) -> tuple[range, Offer]:
            numbers = run.numbers.take(rate_per_s * seconds)
            supply.write(on.file(), intents.intents(numbers))
            run.grounds.settle()
            return numbers, Offer(NAME, to, on.file(), rate_per_s, len(numbers))

        out = run.folder / f"{NAME}.sent"
        warm_up = offer.send([prepared(WARM_UP_S)[1]], seed=run.seed + 1, out=out)
        on.until_drained(running)
        numbers, offered = prepared(for_s)
        meter = running.meter()
        sent = offer.send([offered], seed=run.seed, out=out)
        on.until_drained(running)
        cpu_us = meter.us_per(len(numbers))
        heard = sent.of(NAME)
        acknowledged = heard.acknowledged + warm_up.of(NAME).acknowledged
        checks.check_intents(run, NAME, on.database_url, acknowledged)
        _require_started(provider, on)
        return Api(heard, started(on, numbers), sent, Round(rate_per_s, cpu_us))


def intents_per_s(run: Run, *, for_s: int) -> Round:
    """Return requests acknowledged in a second by web and relay, while nobody asks a provider."""
    with scene(run, FLOOD_NAME) as on, on.ours(NAMES, extra=_WEB) as running:
        to = intents.target(running.port, intents.client(on.database_url, on.redis_url))

        def requests(count: int) -> Path:
            supply.write(on.file(), intents.intents(run.numbers.take(count)))
            return on.file()

        run.grounds.settle()
        found = acks_of(running, to, requests, for_s=for_s)
        found.flood.require_all_acknowledged()
        checks.check_intents(run, FLOOD_NAME, on.database_url, found.acknowledged, drained=False)
        return found.round


def started(on: Scene, numbers: range) -> Percentiles:
    """Return the time from the commit of each request to that of its call's answer.

    Raises BenchFailed when no payment was started.
    """
    ends = (supply.reference(numbers[0]), supply.reference(numbers[-1]))
    found = [row[0] for row in on.connection.execute(_STARTED, ends)]
    if not found or None in found:
        raise BenchFailed("No payment was started at the provider.")
    return percentiles.of_seconds(found)


_WEB: Mapping[str, Mapping[str, str]] = {"web": {"API_KEY_PEPPER": intents.PEPPER}}


def told(provider: Provider) -> Mapping[str, Mapping[str, str]]:
    """Return what our processes are told besides, to serve the API and to ask this provider."""
    return {**_WEB, "worker": {"PAYSTACK_API_URL": provider.url_paystack}}


def _require_started(provider: Provider, on: Scene) -> None:
    """Raise RunVoid unless the provider has as many payments as we have."""
    here, there = on.count("SELECT count(*) FROM payment_logs"), len(provider.books.sales)
    if here != there:
        raise RunVoid(f"There are {here} payments here and {there} at the provider.")
