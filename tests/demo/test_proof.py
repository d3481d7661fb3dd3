"""The proof can fail: what is planted against an invariant is found by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from domain.announcement import Announcement
from domain.money import Money
from domain.transitions import State
from tests.demo.proof import history, inbox, money
from tests.demo.proof.evidence import Evidence
from tests.demo.proof.invariant import invariant
from tests.simulator.courier import Answer, Parcel
from tests.simulator.forgery import Forgery
from tests.simulator.morning import Morning, recorded
from tests.simulator.notice import Notice
from workers.announce import announce
from workers.database import Database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.demo.proof.invariant import Invariant

    Prove = Callable[[Callable[[Evidence], Invariant]], Invariant]

NOTICE = Notice("paystack", "charge.success", "", b"{}")
EVENT = """
    INSERT INTO inbound_events (id, source, account, event_key, body, headers, key_id, request_id)
    VALUES (7, 'paystack', 'default', 'k', '', '{}', 'k', 'request-7')
"""
STEP = """
    INSERT INTO payment_transitions (payment_id, version, from_state, event, to_state, actor,
        reason, captured_minor, refunded_minor, disputed_minor, at, prev_hash, hash)
    SELECT id, 1, %s, %s, %s, 'me', 'r', 0, 0, 0, now(), head_hash, head_hash FROM payment_logs
"""
ENTRY = """
    INSERT INTO ledger_entries (movement_id, leg, payment_id, effect, object_id, account,
                                amount_minor, currency, at)
    SELECT 1, %s, id, 'capture', 'pi_1', %s, %s, 'NGN', now() FROM payment_logs
"""


@pytest.fixture
def morning() -> Morning:
    """A morning of one sale in the books, which is paid."""
    made = recorded(1, payments=40)
    made.books.sales.clear()
    made.announced.clear()
    made.late.clear()
    sale = made.desks["paystack"].sale("ORD-1", "cust_1", 100, "NGN")
    made.announced.append(sale)
    return made


@pytest.fixture
def connection(database_url: str, morning: Morning) -> Iterator[psycopg.Connection]:
    """A database in which the one sale is announced, and in which anything may be written."""
    (sale,) = morning.announced
    asked = Announcement(sale.reference, sale.provider, Money("NGN", 100), sale.customer_id)
    database = Database(database_url, name="test")
    announce(database, [asked], actor="test")
    database.close()
    with psycopg.connect(database_url, autocommit=True) as opened:
        opened.execute("SET session_replication_role = replica")
        yield opened


@pytest.fixture
def prove(connection: psycopg.Connection, morning: Morning) -> Prove:
    return lambda check: check(Evidence(connection, [], morning))


def answered(event_id: int, word: str, *, forgery: Forgery | None = None) -> Answer:
    parcel = Parcel(NOTICE, 0.0, forgery=forgery)
    return Answer(parcel, 200, word, event_id, request_ids=["request-7"])


def test_nothing_checked_proves_nothing() -> None:
    assert not invariant("sentence", 0, []).holds
    assert invariant("sentence", 1, []).holds


def test_an_acknowledged_event_that_is_lost_is_found(
    connection: psycopg.Connection, morning: Morning
) -> None:
    evidence = Evidence(connection, [answered(7, "accepted")], morning)

    assert not inbox.every_kept_event_is_there(evidence).holds
    connection.execute(EVENT)
    assert inbox.every_kept_event_is_there(evidence).holds


def test_an_event_that_nobody_finished_is_found(
    connection: psycopg.Connection, prove: Prove
) -> None:
    connection.execute(EVENT)

    assert prove(inbox.every_event_rests_in_one_place).problems == ("event 7 is lost",)


def test_a_notice_that_became_two_events_is_found(
    connection: psycopg.Connection, morning: Morning
) -> None:
    answers = [answered(7, "accepted"), answered(8, "accepted")]

    assert not inbox.repeats_are_one_event(Evidence(connection, answers, morning)).holds


def test_a_forged_event_that_was_kept_is_found(
    connection: psycopg.Connection, morning: Morning
) -> None:
    connection.execute(EVENT)
    forged = answered(7, "accepted", forgery=Forgery.WRONG_KEY)

    found = inbox.nothing_forged_was_kept(Evidence(connection, [forged], morning))

    assert len(found.problems) == 2


def test_a_movement_that_makes_money_is_found(connection: psycopg.Connection, prove: Prove) -> None:
    connection.execute(ENTRY, (1, "customer_credit:cust_1", 100))

    assert not prove(money.movements_sum_to_zero).holds
    assert not prove(money.balances_are_the_ledger).holds


def test_credit_that_the_provider_knows_nothing_of_is_found(
    connection: psycopg.Connection, prove: Prove
) -> None:
    connection.execute(ENTRY, (1, "customer_credit:cust_1", 100))
    connection.execute(ENTRY, (2, "provider_clearing:paystack", -100))

    assert not prove(money.nobody_is_credited_twice).holds
    assert not prove(money.payments_are_as_booked).holds


def test_money_that_we_know_nothing_of_is_found(prove: Prove, morning: Morning) -> None:
    morning.desks["paystack"].capture(morning.announced[0])

    assert not prove(money.payments_are_as_booked).holds
    assert not prove(money.houses_are_as_booked).holds
    assert not prove(money.rows_are_as_booked).holds


def test_an_illegal_step_is_found(connection: psycopg.Connection, prove: Prove) -> None:
    connection.execute(STEP, (State.PENDING, "dispute_lost", State.COMPLETED))

    assert not prove(history.every_step_is_legal).holds


def test_a_state_that_no_step_led_to_is_found(connection: psycopg.Connection, prove: Prove) -> None:
    connection.execute("UPDATE payment_logs SET state = 'completed'")

    assert not prove(history.versions_have_no_gap).holds
    assert not prove(history.facts_explain_every_state).holds


def test_a_rewritten_history_is_found(connection: psycopg.Connection, prove: Prove) -> None:
    assert prove(history.the_hash_chain_is_whole).holds

    connection.execute("UPDATE payment_logs SET amount_minor = 99")

    assert not prove(history.the_hash_chain_is_whole).holds
