from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING

import psycopg
import pytest

from domain.wakeup import Lane
from tests.bench import checks
from tests.bench.errors import BenchFailed, RunVoid
from tests.bench.measures import delays, end_to_end
from tests.bench.measures.invariants import BOOKS, INBOX, PAYMENTS
from tests.bench.measures.scene import LOOK_S, scene
from tests.bench.stage import inbox, supply
from tests.bench.stage.grounds import Grounds
from tests.bench.stage.processes import READY_S_MAX
from tests.bench.stage.run import Run
from tests.bench.stage.supply import Numbers
from tests.local.stores import Stores
from workers.actors import answer
from workers.database import Database

if TYPE_CHECKING:
    from pathlib import Path

EVENTS = 50
NUMBERS = range(1, EVENTS + 1)
WAITED_S = 0.3

BREAKS = {
    "every acknowledged event is kept": "DELETE FROM inbound_events WHERE id = %(event)s",
    "every event has one key": "DELETE FROM inbound_dedup WHERE event_id = %(event)s",
    "every event has had one effect, or owes it": (
        "UPDATE payment_transitions SET event_id = %(event)s + 1 WHERE payment_id = %(payment)s"
    ),
    "no event is a dead letter": (
        "INSERT INTO dead_letters (event_id, received_at, source, account, event_type, reason,"
        " error_class, fingerprint, message, attempts, status) VALUES (%(event)s, now(),"
        " 'paystack', 'default', 'charge.success', 'schema', 'x', 'x', 'x', 1, 'open')"
    ),
    "nothing is owed": (
        "INSERT INTO waiting_captures (payment_id, object_id, event_id, received_at)"
        " VALUES (%(payment)s, 'x', %(event)s, now())"
    ),
    "every paid payment is credited once and in full, and no other": (
        "UPDATE sms_transactions SET payment_log_id = NULL WHERE payment_log_id = %(payment)s"
    ),
    "all credit is the price of all events": (
        "UPDATE sms_transactions SET amount_minor = 1 WHERE payment_log_id = %(payment)s"
    ),
    "each balance is the sum of the ledger and the end of the statement": (
        "UPDATE customer_balances SET balance_minor = 1 WHERE customer_id = 'customer-1'"
    ),
    "each statement is one chain without a gap": (
        "DELETE FROM sms_transactions WHERE payment_log_id = %(payment)s"
    ),
    "every movement sums to zero": (
        "DELETE FROM ledger_entries WHERE payment_id = %(payment)s AND leg = 1"
    ),
    "versions have no gap and end where the payment is": (
        "UPDATE payment_transitions SET version = 2 WHERE payment_id = %(payment)s"
    ),
    "house accounts are what the provider holds and has kept": (
        "DELETE FROM ledger_entries WHERE payment_id = %(payment)s AND effect = 'fee'"
    ),
}
"""What is done behind the back of every guard, by the invariant that must notice."""


def apply(database_url: str, numbers: range) -> None:
    """Let events come that pay these payments, and apply them a while after."""
    with closing(Database(database_url, name="test")) as database:
        with psycopg.connect(database_url, autocommit=True) as connection:
            inbox.fill(connection, numbers, customers=10)
        time.sleep(WAITED_S)
        answer(database, Lane.EVENTS, list(numbers), worker="test")


def plant(connection: psycopg.Connection, statement: str) -> None:
    """Break something where no trigger sees it."""
    event = NUMBERS[EVENTS // 2]
    row = connection.execute(
        "SELECT payment_id FROM payment_facts WHERE event_id = %s", (event,)
    ).fetchone()
    assert row is not None
    connection.execute("SET LOCAL session_replication_role = replica")
    changed = connection.execute(statement.encode(), {"event": event, "payment": row[0]})
    assert changed.rowcount > 0


@pytest.fixture
def applied(database_url: str) -> str:
    """Return the URL of a database in which all of NUMBERS were paid and applied."""
    apply(database_url, NUMBERS)
    return database_url


@pytest.fixture
def unstarted(tmp_path: Path) -> Run:
    """Return a run that takes verdicts; nothing here asks for its stores."""
    return Run(Grounds(Stores(tmp_path)), tmp_path, Numbers(), seed=7)


def test_end_to_end_applies_what_it_acknowledges_and_accounts_for_everyone(run: Run) -> None:
    before = len(run.verdicts)
    found = end_to_end.measure(run, for_s=1)

    assert found.round.value > 0
    assert found.flood.acknowledged > 0
    assert found.flood.errors == found.flood.refused == 0
    assert {"web", "worker", "relay", "console", "postgres", "valkey"} < set(found.round.cpu_us)
    assert found.round.cpu_us["web"] > 10
    assert found.round.cpu_us["worker"] > 10
    assert min(found.memory_bytes.values()) > 10_000_000
    verdicts = run.verdicts[before:]
    assert all(verdict.holds for verdict in verdicts)
    assert len(verdicts) == len(INBOX) + len(BOOKS)
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(run.grounds.url(end_to_end.NAME))


def test_nothing_is_asked_of_a_provider_where_a_measure_has_none(run: Run) -> None:
    with scene(run, "unasked") as on:
        on.paid(EVENTS)
        with on.ours(("relay",)) as running:
            # Whether a reconciliation is due the relay looks before it takes its first sample.
            ends_s = time.monotonic() + READY_S_MAX
            while not on.count("SELECT count(*) FROM overview_samples"):
                running.check()
                assert time.monotonic() < ends_s
                time.sleep(LOOK_S)
        assert on.owed() == 0


def test_the_delay_of_an_effect_is_read_from_the_commits(run: Run) -> None:
    numbers = run.numbers.take(EVENTS)
    with scene(run, "delays") as on:
        apply(on.database_url, numbers)
        found = delays.applied(on, numbers)
        assert found.samples == EVENTS
        assert WAITED_S * 1_000 <= found.p50_ms < 20_000
        with pytest.raises(BenchFailed, match="No effect"):
            delays.applied(on, range(900_000_000, 900_000_001))


def test_what_was_applied_passes_every_check(unstarted: Run, applied: str) -> None:
    checks.check(unstarted, "whole", applied, EVENTS)
    checks.check(unstarted, "whole", applied, None, drained=False)
    checks.check_payments(unstarted, "whole", applied, NUMBERS)
    assert all(verdict.holds for verdict in unstarted.verdicts)


def test_each_invariant_notices_what_contradicts_it(applied: str) -> None:
    values = {**checks.EVENT, "acknowledged": EVENTS}
    noticed = []
    with psycopg.connect(applied) as connection:
        for invariant in (*INBOX, *BOOKS):
            assert [each.holds for each in checks.ask(connection, [invariant], values)] == [True]
            plant(connection, BREAKS[invariant.name])
            noticed += checks.ask(connection, [invariant], values)
            connection.rollback()
    assert [each.name for each in noticed if each.holds or not each.contradictions] == []
    assert len(noticed) == len(BREAKS)


def test_a_payment_without_its_credit_contradicts_a_shared_database(applied: str) -> None:
    values = {
        **checks.EVENT,
        "first": supply.reference(NUMBERS[0]),
        "last": supply.reference(NUMBERS[-1]),
        "count": EVENTS,
    }
    with psycopg.connect(applied) as connection:
        plant(connection, BREAKS["each statement is one chain without a gap"])
        found = checks.ask(connection, PAYMENTS, values)
        connection.rollback()
    assert [(each.holds, each.contradictions) for each in found] == [(False, 1), (True, 0)]


def test_a_measure_that_lost_what_it_acknowledged_is_void(unstarted: Run, applied: str) -> None:
    with pytest.raises(RunVoid, match="kept: 1 of 50"):
        checks.check(unstarted, "lossy", applied, EVENTS + 1)
    broken = [each.name for each in unstarted.verdicts if not each.holds]
    assert broken == [INBOX[0].name]
    assert {each.run for each in unstarted.verdicts} == {"lossy"}


def test_nothing_checked_proves_nothing(unstarted: Run, database_url: str) -> None:
    with pytest.raises(RunVoid):
        checks.check(unstarted, "empty", database_url, None, drained=False)
