"""Asking what became of a payment: the answer goes the way of every webhook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.commands import CommandKind
from domain.money import Money
from domain.wakeup import Lane
from tests.calling.provider import AWAY, REFUSED, There
from workers import sweeps
from workers.broker import make_broker, waiting_messages

if TYPE_CHECKING:
    from tests.calling.desk import Desk
    from tests.calling.provider import Provider

VERIFY = CommandKind.VERIFY


def test_money_that_no_webhook_told_of_is_credited(desk: Desk, provider: Provider) -> None:
    desk.initialize()
    provider.pay("p1")

    assert desk.do(VERIFY) == "applied"

    assert desk.state("p1") == "completed"
    assert desk.credit() == 1_000
    assert desk.value("SELECT actor FROM payment_transitions WHERE version = 2") == (
        "provider:paystack"
    )
    assert desk.value("SELECT provider_reference FROM payment_logs") == "t1"
    assert desk.problems() == []


def test_asking_twice_credits_once(desk: Desk, provider: Provider) -> None:
    desk.initialize()
    provider.pay("p1")

    desk.do(VERIFY, number="1")
    assert desk.do(VERIFY, number="2") == "no_change"

    assert desk.credit() == 1_000
    assert desk.version("p1") == 2


def test_another_amount_goes_to_suspense_and_a_person(desk: Desk, provider: Provider) -> None:
    desk.initialize()
    provider.pay("p1", 999)
    event_id = desk.order(VERIFY)

    assert desk.perform(event_id) == "dead"

    assert desk.state("p1") == "review"
    assert desk.account("suspense") == 999
    assert desk.credit() == 0
    assert desk.letters() == [(event_id, "mismatch", "open")]
    assert desk.value("SELECT event_type FROM dead_letters") == "verify"
    assert desk.owed() == []
    assert desk.problems() == []


def test_a_payment_that_nobody_announced_may_be_asked_about(desk: Desk, provider: Provider) -> None:
    provider.payments["p9"] = There(9, Money("NGN", 1_000), "paid")
    event_id = desk.order(VERIFY, "p9")

    assert desk.perform(event_id) == "dead"
    assert desk.account("suspense") == 1_000
    assert desk.letters() == [(event_id, "unknown_reference", "open")]

    desk.make_known("p9")
    assert desk.owed() == [event_id], "it is taken up by itself, in the lane of calls"
    assert desk.value("SELECT lane FROM inbound_work") == "calls"
    desk.perform(event_id)

    assert desk.account("suspense") == 0
    assert desk.credit() == 1_000
    assert desk.letters() == [(event_id, "unknown_reference", "resolved")]
    assert desk.problems() == []


def test_an_abandoned_checkout_is_proof(desk: Desk, provider: Provider) -> None:
    desk.initialize()
    provider.payments["p1"].status = "abandoned"

    desk.do(VERIFY)

    assert desk.state("p1") == "failed"


def test_a_payment_its_provider_never_heard_of_failed_unless_it_is_still_to_be_handed_over(
    desk: Desk, provider: Provider
) -> None:
    desk.make_known("p1")
    initialize = desk.order(CommandKind.INITIALIZE)
    provider.goes["initialize"] = [AWAY]
    desk.perform(initialize)

    desk.do(VERIFY, number="1")
    assert desk.state("p1") == "processing"

    desk.execute("DELETE FROM inbound_work")
    desk.do(VERIFY, number="2")
    assert desk.state("p1") == "failed"


def test_a_payment_that_was_handed_over_never_fails_for_being_unknown(
    desk: Desk, provider: Provider
) -> None:
    """The provider contradicts itself: that is for the schedule, and then for a person."""
    desk.initialize()
    provider.payments.clear()

    desk.do(VERIFY)

    assert desk.state("p1") == "processing"


def test_a_refused_question_is_a_dead_letter_that_can_be_replayed(
    desk: Desk, provider: Provider
) -> None:
    desk.initialize()
    provider.goes["look_up"] = [REFUSED]
    event_id = desk.order(VERIFY)
    assert desk.perform(event_id) == "dead"
    provider.pay("p1")

    desk.reopen(event_id)
    assert desk.owed() == [event_id]
    assert desk.perform(event_id) == "applied"

    assert desk.letters() == [(event_id, "provider_refused", "resolved")]
    assert desk.credit() == 1_000


def test_the_relay_rings_for_commands(desk: Desk, redis_url: str) -> None:
    desk.order(VERIFY)
    desk.execute("UPDATE inbound_work SET next_at = now()")
    broker = make_broker(redis_url)

    assert sweeps.ring_due(desk.database, broker) == 1

    assert waiting_messages(broker, Lane.CALLS) == 1
    broker.client.close()
