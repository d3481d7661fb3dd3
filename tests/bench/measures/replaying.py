"""Live traffic beside a replay: what a provider waits for while dead letters are tried again."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.money_limit import MoneyLimit
from tests.bench import checks
from tests.bench.errors import BenchFailed
from tests.bench.load import offer
from tests.bench.load.offer import Offer
from tests.bench.measures import delays
from tests.bench.measures.scene import LOOK_S, Scene, scene, target
from tests.bench.stage import inbox, supply
from workers.database import Database
from workers.replaying.freezing import Asked, freeze
from workers.replaying.limits import RATE_PER_S
from workers.store.letter_filters import Wanted

if TYPE_CHECKING:
    from tests.bench.load.sent import Sent
    from tests.bench.measures.delays import Delays
    from tests.bench.stage.processes import Processes
    from tests.bench.stage.run import Run

NAME = "replaying"
NAMES = ("web", "worker", "relay")
TAG = "live"
LETTERS = 10_000
LIVE_PER_S = 500
FOR_S = 30
WARM_UP_S = 2
ENDS_S_MAX = 300.0
"""How long the replay may take in all."""

NO_LIMIT = MoneyLimit(10**15)
UNASKED = {"relay": {"RECONCILE_EVERY_S": "0"}}
"""No provider is there to be reconciled with."""

_DIE = """
    WITH gone AS (DELETE FROM inbound_work RETURNING event_id, received_at)
    INSERT INTO dead_letters (event_id, received_at, source, account, event_type, reference,
        reason, error_class, fingerprint, message, amount_minor, currency, attempts)
    SELECT g.event_id, g.received_at, e.source, e.account, 'charge.success', e.reference,
           'exhausted', 'Broken', 'bench', 'broken', %s, %s, 5
    FROM gone g JOIN inbound_events e ON e.id = g.event_id AND e.received_at = g.received_at
"""


@dataclass(frozen=True, slots=True)
class Replaying:
    """The delays of live traffic alone, and beside a replay that ran all the time.

    `letters_per_s` is how fast the replay went through.
    """

    alone: Delays
    beside: Delays
    sent: Sent
    letters_per_s: float


def measure(
    run: Run, *, rate_per_s: int = LIVE_PER_S, for_s: int = FOR_S, letters: int = LETTERS
) -> Replaying:
    """Offer this rate without and with a replay beside it, and return both delays.

    The replay is the relay's to drive, at the rate that is usual. Raises BenchFailed when it ends
    before the traffic does, or when a letter does not go through.
    """
    with scene(run, NAME) as on:
        _pile(on, letters)
        with on.ours(NAMES, extra=UNASKED) as running:
            out = run.folder / f"{NAME}.sent"

            def live(seconds: int) -> tuple[range, Sent]:
                numbers, requests = on.paid(rate_per_s * seconds)
                run.grounds.settle()
                offered = Offer(TAG, target(running), requests, rate_per_s, len(numbers))
                return numbers, offer.send([offered], seed=run.seed, out=out)

            live(WARM_UP_S)
            on.until_drained(running)
            lone_numbers, lone = live(for_s)
            on.until_drained(running)
            alone = delays.of(on, lone_numbers, lone, TAG)

            began_s = time.monotonic()
            _replay(on)
            numbers, sent = live(for_s)
            if not on.count("SELECT count(*) FROM replay_jobs WHERE status = 'running'"):
                raise BenchFailed("The replay ended before the traffic beside it.")
            took_s = _until_ended(on, running, letters) - began_s
            on.until_drained(running)
            beside = delays.of(on, numbers, sent, TAG)
        for each in (lone_numbers, numbers):
            checks.check_payments(run, NAME, on.database_url, each)
        return Replaying(alone, beside, sent, letters / took_s)


def _pile(on: Scene, letters: int) -> None:
    """Leave a pile of dead letters, each of which would credit a payment."""
    with on.connection.transaction():
        inbox.fill(on.connection, on.run.numbers.take(letters))
        on.connection.execute(_DIE, (supply.AMOUNT_MINOR, supply.CURRENCY))
    on.connection.execute("ANALYZE dead_letters")


def _replay(on: Scene) -> None:
    database = Database(on.database_url, name="bench")
    freeze(
        database,
        Asked(Wanted(), supply.ACTOR, "the benchmark", rate_per_s=RATE_PER_S, limit=NO_LIMIT),
    )
    database.close()


def _until_ended(on: Scene, running: Processes, letters: int) -> float:
    """Wait for the end of the replay; return when that was seen (monotonic)."""
    ends_s = time.monotonic() + ENDS_S_MAX
    while on.count("SELECT count(*) FROM replay_jobs WHERE ended_at IS NULL"):
        running.check()
        if time.monotonic() > ends_s:
            raise BenchFailed(f"The replay had not ended after {ENDS_S_MAX:.0f} s.")
        time.sleep(LOOK_S)
    if on.count("SELECT succeeded FROM replay_jobs WHERE status = 'done'") != letters:
        raise BenchFailed("Not every letter went through.")
    return time.monotonic()
