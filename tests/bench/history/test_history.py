"""A grown database is one that the service could have made, and goes on with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from domain.announcement import Announcement
from domain.money import Money
from tests.bench.history import grow, names
from tests.bench.history.check import problems
from tests.bench.stage import supply
from tests.demo.proof import history, inbox, money
from tests.demo.proof.evidence import Evidence
from tests.simulator.morning import recorded
from tests.workers.scene import Scene
from workers.announce import announce

if TYPE_CHECKING:
    from collections.abc import Iterator

COUNT = 300
TABLES = (
    "inbound_events",
    "inbound_dedup",
    "payment_logs",
    "payment_facts",
    "payment_transitions",
    "provider_references",
    "ledger_entries",
    "sms_transactions",
    "customer_balances",
)
NAMES_OF_PAYMENTS = {
    "payment_facts": "payment_id",
    "payment_transitions": "payment_id",
    "provider_references": "payment_id",
    "ledger_entries": "payment_id",
    "sms_transactions": "payment_log_id",
}
SCHEMA = """
    SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL SELECT 'constraint', conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT 'trigger', tgname, tgenabled::text || pg_get_triggerdef(oid) FROM pg_trigger
    WHERE NOT tgisinternal
    UNION ALL SELECT 'table', relname, relpersistence::text || coalesce(reloptions::text, '')
    FROM pg_class WHERE relnamespace = 'public'::regnamespace
    ORDER BY 1, 2, 3
"""
FOREIGN_KEYS = """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE contype = 'f' AND connamespace = 'public'::regnamespace
"""
OF_THE_FIFTH = "(SELECT id FROM payment_logs WHERE reference = 'HISTORY-0000000005')"
BREAKS = (
    f"UPDATE payment_transitions SET reason = 'other' WHERE payment_id = {OF_THE_FIFTH}",
    f"UPDATE payment_logs SET head_hash = sha256('') WHERE id = {OF_THE_FIFTH}",
    f"UPDATE payment_logs SET state = 'failed' WHERE id = {OF_THE_FIFTH}",
    f"UPDATE payment_logs SET announced_by = 'me' WHERE id = {OF_THE_FIFTH}",
    f"UPDATE payment_facts SET status = 'pending' WHERE payment_id = {OF_THE_FIFTH}",
    f"UPDATE ledger_entries SET amount_minor = amount_minor + 1 WHERE payment_id = {OF_THE_FIFTH}",
    f"DELETE FROM ledger_entries WHERE payment_id = {OF_THE_FIFTH} AND effect = 'fee'",
    f"UPDATE sms_transactions SET balance_after_minor = 1 WHERE payment_log_id = {OF_THE_FIFTH}",
    f"UPDATE provider_references SET payment_id = 1 WHERE payment_id = {OF_THE_FIFTH}",
    f"DELETE FROM payment_logs WHERE id = {OF_THE_FIFTH}",
    "UPDATE customer_balances SET balance_minor = 0 WHERE customer_id = 'history-000000004'",
    "UPDATE inbound_events SET body = '{}' WHERE reference = 'HISTORY-0000000005'",
    "UPDATE inbound_dedup SET body_sha256 = sha256('') WHERE right(event_key, 11) = '20000000005'",
    "DELETE FROM inbound_events WHERE reference = 'HISTORY-0000000005'",
    "SELECT setval('ledger_movement_ids', 599)",
)


@pytest.fixture
def scene(database_url: str) -> Iterator[Scene]:
    made = Scene(database_url)
    yield made
    made.close()


@pytest.fixture
def grown(scene: Scene) -> Scene:
    _grow(scene, 1, COUNT)
    return scene


def _grow(scene: Scene, first: int, count: int, *, chunk_payments: int = 1_000) -> list[int]:
    told: list[int] = []
    grow(
        scene.url,
        first=first,
        count=count,
        on_progress=told.append,
        chunk_payments=chunk_payments,
    )
    return told


def _pay(scene: Scene, number: int, customer_id: str) -> dict[str, int]:
    """Announce a payment of that customer, receive its event and apply it."""
    amount = Money(supply.CURRENCY, supply.AMOUNT_MINOR)
    asked = Announcement(supply.reference(number), supply.PROVIDER, amount, customer_id)
    announce(scene.database, [asked], actor="operator:test")
    body = supply.delivery_body(number)
    return scene.apply(scene.receive(body, source=supply.PROVIDER, mode="test"))


def test_a_grown_database_is_one_that_the_service_would_have_written(grown: Scene) -> None:
    counts = {name: grown.value(f"SELECT count(*) FROM {name}") for name in TABLES}
    assert list(counts.values()) == [COUNT * each for each in (1, 1, 1, 2, 1, 1, 4, 1)] + [20]
    assert problems(grown.url, COUNT) == []


def test_the_proof_of_the_demo_holds_for_a_grown_database(grown: Scene) -> None:
    with psycopg.connect(grown.url) as connection:
        evidence = Evidence(connection, [], recorded(1, payments=1))
        checks = (
            *history.CHECKS,
            inbox.every_event_rests_in_one_place,
            inbox.nothing_is_owed,
            money.movements_sum_to_zero,
            money.balances_are_the_ledger,
            money.statements_have_no_gap,
        )
        broken = [found for check in checks if not (found := check(evidence)).holds]
    assert broken == []


def test_references_that_were_passed_by_hold_for_every_row(grown: Scene) -> None:
    for table, name, definition in grown.rows(FOREIGN_KEYS):
        grown.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name}_again {definition}")
    for table, column in NAMES_OF_PAYMENTS.items():
        known = f"SELECT count(*) FROM {table} t JOIN payment_logs p ON p.id = t.{column}"
        assert grown.value(known) == grown.value(f"SELECT count(*) FROM {table}")


def test_growing_leaves_the_schema_and_the_triggers_as_they_were(scene: Scene) -> None:
    before = scene.rows(SCHEMA)
    _grow(scene, 1, COUNT)
    assert scene.rows(SCHEMA) == before
    with pytest.raises(psycopg.errors.RestrictViolation):
        scene.execute("DELETE FROM payment_facts")


def test_events_are_applied_on_top_for_a_customer_with_history(grown: Scene) -> None:
    customer = names.customer_id(1)
    before_minor = grown.credit(customer)
    assert _pay(grown, 1, customer) == {"applied": 1}
    assert grown.state(supply.reference(1)) == "completed"
    assert grown.credit(customer) == before_minor + supply.AMOUNT_MINOR
    assert grown.letters() == []
    assert problems(grown.url, COUNT) == []


def test_growing_goes_on_where_the_service_and_an_earlier_growth_stopped(grown: Scene) -> None:
    _pay(grown, 1, names.customer_id(1))
    _grow(grown, COUNT + 1, 150)
    assert _pay(grown, 2, names.customer_id(1)) == {"applied": 1}
    assert problems(grown.url, COUNT + 150) == []


def test_progress_is_told_chunk_by_chunk_and_chunks_leave_no_seam(scene: Scene) -> None:
    assert _grow(scene, 1, 250, chunk_payments=100) == [100, 200, 250]
    assert problems(scene.url, 250) == []


def test_events_lie_in_the_order_of_their_ids_and_none_in_the_future(grown: Scene) -> None:
    _grow(grown, COUNT + 1, 50)
    rows = grown.rows("SELECT received_at, now() FROM inbound_events ORDER BY id")
    times = [row[0] for row in rows]
    assert times == sorted(times)
    assert times[-1] <= rows[-1][1]


def test_a_number_that_was_used_before_is_refused(grown: Scene) -> None:
    with pytest.raises(psycopg.errors.UniqueViolation):
        _grow(grown, COUNT, 10)


@pytest.mark.parametrize(("first", "count"), [(0, 1), (1, 0), (names.NUMBER_MAX, 2)])
def test_numbers_out_of_range_are_refused(scene: Scene, first: int, count: int) -> None:
    with pytest.raises(ValueError, match="numbers go from 1"):
        _grow(scene, first, count)


@pytest.mark.parametrize("statement", BREAKS)
def test_the_check_finds_a_row_that_somebody_altered(grown: Scene, statement: str) -> None:
    grown.execute("SET session_replication_role = replica")
    grown.execute(statement)
    assert problems(grown.url, COUNT)


def test_the_check_of_an_empty_database_says_that_nothing_is_there(scene: Scene) -> None:
    assert problems(scene.url, 1) == ["there are no generated payments"]
