"""The proof of the API can fail: an honest morning of one order, and what is planted against it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg
import pytest

from domain.announcement import Announcement
from domain.money import Money
from tests.demo.proof import api, credit, inbox
from tests.demo.proof.evidence import Evidence
from tests.demo.shop.journal import Acknowledged, Answer, Journal
from tests.demo.shop.orders import Kind, Order
from tests.simulator.books import Refund, RefundStatus, Sale
from tests.simulator.morning import recorded
from workers.announce import announce
from workers.database import Database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.demo.proof.invariant import Invariant
    from tests.simulator.books import Capture

KEY = uuid.UUID("5f0c1c7e-6f0b-4ad8-9d36-3f6f1e2a7b10")
PATH = "/v1/payments"
ORDER = Order(
    number=1,
    attempt=1,
    seed=1,
    due=0.0,
    kind=Kind(),
    provider="paystack",
    customer_id="guest-1",
    amount_minor=1_000,
    currency="NGN",
    reference="SHOP-1",
    callback_url=None,
)
HONEST = """
    INSERT INTO api_clients (id, name, scopes, created_by)
    VALUES ('cl_1', 'shop', '{payments:write}', 'me');
    UPDATE payment_logs SET state = 'partially_refunded', captured_minor = 1000,
        refunded_minor = 400;
    INSERT INTO idempotency_keys (client_id, method, route, key, fingerprint, status, headers, body,
        expires_at)
    VALUES ('cl_1', 'POST', '/v1/payments', '5f0c1c7e-6f0b-4ad8-9d36-3f6f1e2a7b10',
        sha256(''), 202, '{}', '{"n":1}', now());
    INSERT INTO refunds (reference, payment_id, client_id, amount_minor, currency, status,
        settled_at)
    SELECT 'rf-1', id, 'cl_1', 400, 'NGN', 'succeeded', now() FROM payment_logs;
    INSERT INTO ledger_entries (movement_id, leg, effect, object_id, account, amount_minor,
        currency, at)
    VALUES (1, 1, 'refund_hold', 'rf-1', 'customer_credit:guest-1', -400, 'NGN', now()),
        (1, 2, 'refund_hold', 'rf-1', 'refunds_held', 400, 'NGN', now()),
        (2, 1, 'refund_release', 'rf-1', 'customer_credit:guest-1', 400, 'NGN', now()),
        (2, 2, 'refund_release', 'rf-1', 'refunds_held', -400, 'NGN', now());
    INSERT INTO sms_transactions (reference, client_id, customer_id, currency, kind, amount_minor,
        balance_after_minor, customer_version, movement_id, created_at)
    VALUES ('sd-1', 'cl_1', 'guest-1', 'NGN', 'sms_debit', -100, 500, 1, 3, now());
    INSERT INTO customer_balances (customer_id, currency, balance_minor)
    VALUES ('guest-1', 'NGN', 500);
    INSERT INTO inbound_events (id, source, account, event_key, body, headers, key_id, request_id)
    VALUES (7, 'internal', 'default', 'initialize:SHOP-1', '', '{}', 'internal', 'request-7');
    INSERT INTO provider_calls (debt, fence, event_id, kind, provider, account, worker, ended_at,
        outcome)
    VALUES ('paystack:default:SHOP-1', 1, 7, 'initialize', 'paystack', 'default', 'w', now(),
        'answered');
"""
UNFINISHED = """
    INSERT INTO inbound_work (event_id, received_at, lane, next_at)
    VALUES (7, now(), 'calls', now())
"""
LETTER = """
    INSERT INTO dead_letters (event_id, received_at, source, account, event_type, reason,
        error_class, fingerprint, message, attempts)
    VALUES (7, now(), 'internal', 'default', 'initialize', 'exhausted', 'E', 'f', 'm', 5)
"""
STRANGE_HOLD = "UPDATE ledger_entries SET object_id = 'rf-2' WHERE effect = 'refund_hold'"
CHECKS = (*api.CHECKS, *credit.CHECKS)


@dataclass(frozen=True, slots=True)
class Scene:
    """A database in which anything may be written, and evidence in which anything may be said."""

    connection: psycopg.Connection
    evidence: Evidence

    @property
    def capture(self) -> Capture:
        """The one capture in the provider's books."""
        return self.evidence.taken.captures[0]


@pytest.fixture
def scene(database_url: str) -> Iterator[Scene]:
    """One order: paid, refunded in part, some of its credit spent."""
    asked = Announcement(
        "SHOP-1", "paystack", Money("NGN", 1_000), ORDER.customer_id, client_id="cl_1"
    )
    database = Database(database_url, name="test")
    announce(database, [asked], actor="client:cl_1")
    database.close()
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(HONEST)
        yield Scene(connection, honest(connection))


def honest(connection: psycopg.Connection) -> Evidence:
    provider = recorded(1, payments=40)
    provider.books.sales.clear()
    desk = provider.desks["paystack"]
    sale = desk.sale("SHOP-1", ORDER.customer_id, 1_000, "NGN")
    desk.capture(sale)
    refund, _ = desk.refund(sale.captures[0], 400)
    desk.settle_refund(refund)
    shop = Journal(
        posts=[Acknowledged(PATH, KEY, [Answer(202, b'{"n":1}')] * 2)],
        payments={"SHOP-1": ORDER},
        refunds={"rf-1": ("SHOP-1", 400, "NGN")},
        debits={"sd-1": ("guest-1", 100, "NGN")},
    )
    return Evidence(connection, [], recorded(2, payments=40), shop, provider.books)


def test_an_honest_morning_is_proven(scene: Scene) -> None:
    found = [check(scene.evidence) for check in CHECKS]

    assert [each for each in found if not each.holds] == []


PLANTED_HERE: list[tuple[Callable[[Evidence], Invariant], str]] = [
    (api.every_acknowledgement_is_a_payment, "UPDATE payment_logs SET amount_minor = 999"),
    (api.every_acknowledgement_is_a_payment, "UPDATE payment_logs SET client_id = 'other'"),
    (api.every_key_has_one_answer, "UPDATE idempotency_keys SET body = '{\"n\":2}'"),
    (api.every_key_has_one_answer, "UPDATE idempotency_keys SET status = 200"),
    (api.every_key_has_one_answer, "UPDATE idempotency_keys SET key = gen_random_uuid()"),
    (api.payments_ended_as_booked, "UPDATE payment_logs SET state = 'processing'"),
    (api.payments_ended_as_booked, "UPDATE payment_logs SET state = 'refunded'"),
    (api.every_command_is_performed, UNFINISHED),
    (api.every_command_is_performed, LETTER),
    (api.every_call_has_ended, "UPDATE provider_calls SET ended_at = NULL, outcome = NULL"),
    (api.every_call_has_ended, "UPDATE provider_calls SET fence = 2"),
    (credit.refunds_stay_within_captures, "UPDATE refunds SET amount_minor = 1001"),
    (credit.refunds_are_as_booked, "UPDATE refunds SET amount_minor = 300"),
    (credit.refunds_are_as_booked, "UPDATE refunds SET status = 'failed'"),
    (credit.refunds_are_as_booked, "UPDATE refunds SET reference = 'rf-2'"),
    (credit.holds_are_open_refunds, "DELETE FROM ledger_entries WHERE movement_id = 2"),
    (credit.holds_are_open_refunds, "UPDATE refunds SET status = 'sent', settled_at = NULL"),
    (credit.holds_are_open_refunds, STRANGE_HOLD),
    (credit.credit_is_booked_less_spent, "UPDATE customer_balances SET balance_minor = 600"),
    (credit.credit_is_booked_less_spent, "UPDATE refunds SET status = 'sent', settled_at = NULL"),
    (credit.every_debit_is_acknowledged, "UPDATE sms_transactions SET amount_minor = -99"),
    (credit.every_debit_is_acknowledged, "DELETE FROM sms_transactions"),
]


def test_whatever_is_planted_here_is_found(scene: Scene) -> None:
    """One test for all: each is planted, looked for and taken away again."""
    missed = []
    for check, breach in PLANTED_HERE:
        with scene.connection.transaction(force_rollback=True):
            scene.connection.execute(breach.encode())
            if check(scene.evidence).holds:
                missed.append(breach)

    assert missed == []
    assert {check for check, _ in PLANTED_HERE} >= {*CHECKS} - {api.every_payment_is_one_sale}


def another_sale(scene: Scene, *, name: str, reference: str) -> None:
    sale = Sale("paystack", reference, ORDER.customer_id, 1_000, "NGN", "pi_99")
    scene.evidence.taken.open(sale, name=name)


def test_an_order_that_was_opened_twice_at_the_provider_is_found(scene: Scene) -> None:
    another_sale(scene, name="SHOP-1#2", reference="SHOP-1")

    assert api.every_payment_is_one_sale(scene.evidence).problems == ("SHOP-1 was opened 2 times",)


def test_an_order_that_never_reached_the_provider_is_found_unless_it_was_given_up(
    scene: Scene,
) -> None:
    shop = scene.evidence.shop
    shop.payments["SHOP-2"] = ORDER

    assert not api.every_payment_is_one_sale(scene.evidence).holds
    shop.given_up.add("SHOP-2")
    assert api.every_payment_is_one_sale(scene.evidence).holds


def test_a_sale_that_nobody_asked_for_is_found(scene: Scene) -> None:
    another_sale(scene, name="STRANGE", reference="STRANGE")

    assert not api.every_payment_is_one_sale(scene.evidence).holds


def test_an_acknowledged_payment_that_is_not_there_is_found(scene: Scene) -> None:
    scene.evidence.shop.payments["SHOP-2"] = ORDER

    assert not api.every_acknowledgement_is_a_payment(scene.evidence).holds


def test_a_repeat_with_another_answer_is_found(scene: Scene) -> None:
    scene.evidence.shop.posts[0].answers.append(Answer(202, b'{"n": 1}', is_replay=True))

    assert not api.every_key_has_one_answer(scene.evidence).holds


def test_money_that_the_provider_took_and_we_did_not_credit_is_found(scene: Scene) -> None:
    scene.capture.amount_minor += 500

    assert not credit.credit_is_booked_less_spent(scene.evidence).holds


def test_a_provider_that_gave_back_too_much_is_found(scene: Scene) -> None:
    refund = Refund(scene.capture, "re_99", 601, RefundStatus.SUCCEEDED)
    scene.capture.refunds.append(refund)

    assert not credit.refunds_stay_within_captures(scene.evidence).holds
    assert not credit.refunds_are_as_booked(scene.evidence).holds


def test_a_debit_that_was_not_acknowledged_is_found(scene: Scene) -> None:
    scene.evidence.shop.debits.clear()

    assert not credit.every_debit_is_acknowledged(scene.evidence).holds


def test_a_debit_that_was_reversed_is_no_longer_spent(scene: Scene) -> None:
    scene.evidence.shop.reversed.add("sd-1")

    assert not credit.credit_is_booked_less_spent(scene.evidence).holds
    scene.connection.execute("UPDATE customer_balances SET balance_minor = 600")
    assert credit.credit_is_booked_less_spent(scene.evidence).holds


def test_a_command_is_no_delivery(scene: Scene) -> None:
    assert inbox.every_kept_event_is_there(scene.evidence).problems == ()
    assert inbox.every_event_rests_in_one_place(scene.evidence).problems == ()


def test_a_success_that_reconciliation_did_not_mend_is_found(scene: Scene) -> None:
    reported = {"missing_here": 1, "mismatched": 0, "mended": 1}
    scene.evidence.shop.forgotten.add("SHOP-1")

    assert not api.what_was_never_told_is_mended(scene.evidence, reported).holds
    scene.connection.execute("UPDATE payment_logs SET state = 'completed'")
    assert api.what_was_never_told_is_mended(scene.evidence, reported).holds
    assert not api.what_was_never_told_is_mended(scene.evidence, reported | {"mended": 0}).holds
