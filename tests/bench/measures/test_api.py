from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.bench import checks
from tests.bench.errors import BenchFailed
from tests.bench.load import offer
from tests.bench.load.offer import Offer
from tests.bench.measures import api
from tests.bench.measures.invariants import INTENTS, STARTED
from tests.bench.measures.scene import ALL, scene
from tests.bench.stage import intents, supply
from tests.simulator.provider import simulated

if TYPE_CHECKING:
    from tests.bench.stage.run import Run

RATE_PER_S = 20
PAYMENTS = 20

BREAKS = {
    "every acknowledged request is a payment": "DELETE FROM payment_logs WHERE id = %(payment)s",
    "every payment has one key, and the key its answer": (
        "UPDATE idempotency_keys SET status = 503 WHERE key = %(key)s"
    ),
    "every payment has one command, done or owed": (
        "DELETE FROM inbound_events WHERE reference = %(reference)s"
    ),
    "no event is a dead letter": (
        "INSERT INTO dead_letters (event_id, received_at, source, account, event_type, reason,"
        " error_class, fingerprint, message, attempts, status) VALUES (%(payment)s, now(),"
        " 'internal', 'default', 'initialize', 'schema', 'x', 'x', 'x', 1, 'open')"
    ),
    "no command is owed and no call is live": (
        "UPDATE provider_calls SET ended_at = NULL, outcome = NULL WHERE payment_id = %(payment)s"
    ),
    "every payment was started once and has a page to pay at": (
        "INSERT INTO provider_calls (debt, fence, event_id, payment_id, kind, provider, account,"
        " worker, ended_at, outcome) SELECT debt, fence + 1, event_id, payment_id, kind, provider,"
        " account, worker, now(), 'answered' FROM provider_calls WHERE payment_id = %(payment)s"
    ),
}
"""What is done behind the back of every guard, by the invariant that must notice."""


def test_the_latency_of_payments_is_measured_and_every_one_accounted_for(run: Run) -> None:
    before = len(run.verdicts)
    found = api.latency(run, rate_per_s=RATE_PER_S, for_s=1)

    assert found.heard.acknowledged == RATE_PER_S
    assert found.heard.others == 0
    assert 0 < found.heard.latency.p50_ms <= found.heard.latency.p99_ms
    assert found.started.samples == RATE_PER_S
    assert found.started.p50_ms > 0
    assert found.round.cpu_us["web"] > 10
    verdicts = run.verdicts[before:]
    assert all(verdict.holds for verdict in verdicts)
    assert len(verdicts) == len(INTENTS) + len(STARTED)


def test_each_invariant_of_asked_payments_notices_what_contradicts_it(run: Run) -> None:
    with simulated(seed=1) as provider, scene(run, "asked") as on:
        told = api.told(provider)
        with on.ours(ALL, extra=told) as running:
            key = intents.client(on.database_url, on.redis_url)
            numbers = run.numbers.take(PAYMENTS)
            supply.write(on.file(), intents.intents(numbers))
            asked = Offer("asked", intents.target(running.port, key), on.file(), 100, PAYMENTS)
            offer.send([asked], seed=1, out=run.folder / "asked.sent")
            on.until_drained(running)
        number = numbers[PAYMENTS // 2]
        noticed = []
        with psycopg.connect(on.database_url) as connection:
            for invariant in (*INTENTS, *STARTED):
                values = {"acknowledged": PAYMENTS}
                assert checks.ask(connection, [invariant], values)[0].holds, invariant.name
                plant(connection, BREAKS[invariant.name], number)
                noticed += checks.ask(connection, [invariant], values)
                connection.rollback()
    assert [each.name for each in noticed if each.holds or not each.contradictions] == []
    assert len(noticed) == len(BREAKS)


def plant(connection: psycopg.Connection, statement: str, number: int) -> None:
    """Break something about one payment where no trigger sees it."""
    reference = supply.reference(number)
    row = connection.execute(
        "SELECT id FROM payment_logs WHERE reference = %s", (reference,)
    ).fetchone()
    assert row is not None
    [delivery] = intents.intents(range(number, number + 1))
    values = {"payment": row[0], "key": delivery.signature, "reference": reference}
    connection.execute("SET LOCAL session_replication_role = replica")
    assert connection.execute(statement.encode(), values).rowcount > 0


def test_payments_that_were_never_started_are_no_measure(run: Run) -> None:
    with scene(run, "unstarted") as on, pytest.raises(BenchFailed, match="No payment was started"):
        api.started(on, range(1, 2))
