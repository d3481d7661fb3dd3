"""Bodies in the shapes Stripe publishes, with values of our own."""

from __future__ import annotations

from typing import Any

import pytest

from domain.delivery import KeyedEvent, Mode
from domain.errors import PayloadInvalid, RefetchRequired
from domain.facts import Fact, FactKind, FactStatus
from domain.money import Money
from domain.providers.amounts import from_wire, to_wire
from domain.providers.stripe_objects import DECIMALS
from tests.conformance.sender import NOW_S, dumped
from tests.conformance.senders.stripe import SENDER as STRIPE
from tests.domain.providers.stripe_objects import (
    charge,
    dispute,
    event,
    intent,
    parsed,
    refund,
    session,
    success,
)


@pytest.mark.parametrize(
    ("type_", "about"),
    [
        ("payment_intent.succeeded", intent()),
        ("charge.succeeded", charge()),
        ("charge.captured", charge()),
        ("checkout.session.completed", session()),
        ("checkout.session.async_payment_succeeded", session()),
    ],
)
def test_an_intent_its_charge_and_its_session_tell_of_one_capture(
    type_: str, about: dict[str, Any]
) -> None:
    told = parsed(type_, about)

    assert told.facts == (success("pi_1"),)
    assert (told.type, told.reference) == (type_, "ORD-1")
    assert (told.mode, told.provider_reference) == (Mode.TEST, "pi_1")


def test_a_charge_without_an_intent_is_its_own_capture() -> None:
    told = parsed("charge.succeeded", charge(payment_intent=None))

    assert told.facts == (success("ch_1"),)
    assert told.provider_reference == "ch_1"


def test_what_was_captured_counts_and_not_what_was_asked() -> None:
    assert parsed("payment_intent.succeeded", intent(amount_received=1500)).facts == (
        success("pi_1", 1500),
    )
    assert parsed("charge.captured", charge(amount_captured=1500)).facts == (success("pi_1", 1500),)


@pytest.mark.parametrize(
    ("type_", "about"),
    [
        ("charge.succeeded", charge(captured=False, amount_captured=0)),
        ("checkout.session.completed", session(payment_status="unpaid")),
        (
            "checkout.session.completed",
            session(payment_status="no_payment_required", amount_total=0),
        ),
    ],
)
def test_a_promise_of_money_is_not_money(type_: str, about: dict[str, Any]) -> None:
    assert parsed(type_, about).facts == ()


def test_a_paid_session_that_names_no_intent_must_be_asked_for() -> None:
    with pytest.raises(RefetchRequired):
        parsed("checkout.session.completed", session(payment_intent=None))


@pytest.mark.parametrize(
    ("type_", "about", "object_id"),
    [
        ("payment_intent.payment_failed", intent(status="requires_payment_method"), "pi_1"),
        ("payment_intent.canceled", intent(status="canceled"), "pi_1"),
        ("charge.failed", charge(status="failed", captured=False), "pi_1"),
        ("charge.failed", charge(status="failed", payment_intent=None), "ch_1"),
        ("checkout.session.async_payment_failed", session(payment_status="unpaid"), "pi_1"),
        ("checkout.session.expired", session(payment_status="unpaid", payment_intent=None), "cs_1"),
    ],
)
def test_a_failure_names_no_amount(type_: str, about: dict[str, Any], object_id: str) -> None:
    assert parsed(type_, about).facts == (
        Fact(FactKind.FAILED, object_id, FactStatus.FAILED, at_s=NOW_S),
    )


def test_an_intent_in_process_is_known_at_the_provider() -> None:
    (fact,) = parsed("payment_intent.processing", intent(status="processing")).facts

    assert (fact.kind, fact.object_id, fact.amount) == (FactKind.INITIALIZED, "pi_1", None)


@pytest.mark.parametrize(
    ("type_", "about"),
    [
        ("payment_intent.succeeded", None),
        ("payment_intent.succeeded", []),
        ("payment_intent.succeeded", intent(status="processing")),
        ("payment_intent.succeeded", intent(amount_received="2000")),
        ("payment_intent.succeeded", intent(amount_received=True)),
        ("payment_intent.succeeded", intent(amount_received=20.0)),
        ("payment_intent.succeeded", intent(amount_received=0)),
        ("payment_intent.succeeded", intent(amount_received=-1)),
        ("payment_intent.succeeded", intent(currency="USD")),
        ("payment_intent.succeeded", intent(currency="usd\n")),
        ("payment_intent.succeeded", intent(currency="xts")),
        ("payment_intent.succeeded", intent(currency="iqd")),
        ("payment_intent.succeeded", intent(id=None)),
        ("charge.succeeded", charge(captured="true")),
        ("charge.succeeded", charge(amount=None)),
        ("charge.succeeded", charge(status="pending")),
        ("checkout.session.completed", session(amount_total=None)),
        ("checkout.session.completed", session(payment_status="maybe")),
        ("charge.refunded", charge(amount_refunded=None)),
        ("refund.created", refund(status=None)),
        ("refund.created", refund(amount=None)),
        ("charge.dispute.closed", dispute(status="under_review")),
        ("charge.dispute.created", dispute(amount=None)),
    ],
)  # fmt: skip
def test_what_is_not_as_documented_is_no_fact(type_: str, about: object) -> None:
    with pytest.raises(PayloadInvalid):
        parsed(type_, about)


@pytest.mark.parametrize(
    "type_",
    [
        "charge.dispute.funds_withdrawn",
        "charge.dispute.funds_reinstated",
        "payment_intent.created",
        "payout.paid",
    ],
)
def test_a_type_we_do_not_use_says_nothing(type_: str) -> None:
    told = parsed(type_, dispute(amount="anything"), livemode=True)

    assert (told.type, told.facts, told.mode) == (type_, (), Mode.LIVE)


def test_a_thin_event_says_nothing_and_is_kept() -> None:
    body = dumped({"id": "evt_2", "object": "v2.core.event", "type": "v1.x", "related_object": {}})

    assert STRIPE.told(body).facts == ()
    assert STRIPE.verify(STRIPE.request(body)).events == (KeyedEvent("evt_2", None),)


@pytest.mark.parametrize(
    "changes", [{"id": None}, {"type": None}, {"type": 7}, {"livemode": "no"}], ids=str
)
def test_an_event_without_its_heading_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(PayloadInvalid):
        parsed("payout.paid", {}, **changes)


def test_an_event_without_an_id_is_unreadable() -> None:
    body = dumped(event("payment_intent.succeeded", intent(), id=None))

    assert not STRIPE.verify(STRIPE.request(body)).events[0].readable


def test_our_reference_in_the_metadata_wins_over_the_session() -> None:
    told = parsed("checkout.session.completed", session(metadata={"reference": "ORD-2"}))

    assert told.reference == "ORD-2"


@pytest.mark.parametrize(
    ("sent", "currency", "meant"),
    [
        (500, "JPY", Money("JPY", 500)),
        (500, "USD", Money("USD", 500)),
        (5000, "KWD", Money("KWD", 5000)),
        (500, "ISK", Money("ISK", 5)),
        (500, "UGX", Money("UGX", 5)),
        (5, "MGA", Money("MGA", 500)),
        (500, "HUF", Money("HUF", 500)),
        (500, "TWD", Money("TWD", 500)),
    ],
)
def test_an_integer_means_what_stripe_says_it_means(sent: int, currency: str, meant: Money) -> None:
    about = intent(amount=sent, amount_received=sent, currency=currency.lower())

    (fact,) = parsed("payment_intent.succeeded", about).facts

    assert fact.amount == meant
    assert to_wire(meant, DECIMALS) == sent


@pytest.mark.parametrize("currency", ["isk", "ugx"])
def test_a_fraction_of_a_currency_without_fractions_is_refused(currency: str) -> None:
    with pytest.raises(PayloadInvalid, match="finer than"):
        parsed("payment_intent.succeeded", intent(amount_received=501, currency=currency))


def test_every_currency_of_stripe_survives_the_way_there_and_back() -> None:
    for currency in DECIMALS:
        money = Money(currency, 123_400)
        assert from_wire(to_wire(money, DECIMALS), currency, DECIMALS) == money


def test_a_time_beyond_the_calendar_is_left_out() -> None:
    for created in (2**60, -1, "soon", True, None, 1.5):
        (fact,) = parsed("payment_intent.succeeded", intent(), created=created).facts
        assert fact.at_s is None
