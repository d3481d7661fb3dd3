"""What went back of a payment is told where the provider tells it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from domain.errors import ProviderRefused
from domain.facts import FactKind, FactStatus
from domain.money import Money
from domain.providers.api import AnswerUnclear
from tests.clients.looking_up import Asker, by_hint, by_name, kinds, of
from tests.simulator.api.lookups.serving import LookUps, simulated_lookups

if TYPE_CHECKING:
    from collections.abc import Iterator

REFUND_IDS = {
    "flutterwave-v3": "77",
    "flutterwave-v4": "rfd_sim77",
    "gocardless": "RF00077",
    "klarna": "krn:payment:eu1:refund:77",
    "mercado-pago": "77",
    "midtrans": "77",
    "mollie-classic": "re_77",
    "paypal": "R0000000000000077",
    "plaid": "667af684-9ee1-4f5f-862a-633ec4c545cc",
    "xendit": "rfd-77",
}
TELLS_PENDING = [each for each in REFUND_IDS if each not in ("klarna", "midtrans")]
STATUSES = {
    "done": FactStatus.SUCCEEDED,
    "pending": FactStatus.PENDING,
    "failed": FactStatus.FAILED,
}
HINTED = ["flutterwave-v4", "gocardless", "paypal"]


@pytest.fixture
def there() -> Iterator[LookUps]:
    with simulated_lookups() as running:
        yield running


@pytest.fixture
def asker(there: LookUps) -> Iterator[Asker]:
    with Asker(there) as made:
        yield made


@pytest.mark.parametrize("slug", REFUND_IDS)
def test_refunds_are_told_with_the_payment_that_they_are_of(
    there: LookUps, asker: Asker, slug: str
) -> None:
    sale = there.pay(slug, "ORD-1", 125_000)
    other = there.pay(slug, "ORD-2", 125_000)
    there.refund(sale, REFUND_IDS[slug], 5_050)
    there.refund(other, REFUND_IDS[slug] + "0", 7_000)

    told = asker.told(slug, by_hint(slug, sale))

    assert kinds(told) == [
        (FactKind.SUCCEEDED, "succeeded", 125_000),
        (FactKind.REFUND, "succeeded", 5_050),
    ]
    [refund] = of(told, FactKind.REFUND)
    assert refund.capture_id == sale.object_id
    assert refund.object_id.endswith(REFUND_IDS[slug])


@pytest.mark.parametrize("slug", TELLS_PENDING)
@pytest.mark.parametrize("status", STATUSES)
def test_a_refund_counts_once_it_is_done(
    there: LookUps, asker: Asker, slug: str, status: str
) -> None:
    sale = there.pay(slug, "ORD-1", 125_000)
    there.refund(sale, REFUND_IDS[slug], 5_000, status)

    [refund] = of(asker.told(slug, by_hint(slug, sale)), FactKind.REFUND)

    assert refund.status is STATUSES[status]


@pytest.mark.parametrize("slug", HINTED)
def test_an_event_that_names_a_refund_has_its_payment_told(
    there: LookUps, asker: Asker, slug: str
) -> None:
    sale = there.pay(slug, "ORD-1", 125_000)
    there.refund(sale, REFUND_IDS[slug], 125_000)

    told = asker.told(slug, by_hint(slug, sale, hint=REFUND_IDS[slug]))

    assert [fact.object_id for fact in of(told, FactKind.SUCCEEDED)] == [sale.object_id]
    assert [fact.object_id for fact in of(told, FactKind.REFUND)] == [REFUND_IDS[slug]]
    assert told.reference == "ORD-1"


@pytest.mark.parametrize(
    ("slug", "contest", "status"),
    [
        ("mollie-classic", "contested", FactStatus.OPENED),
        ("mollie-classic", "won", FactStatus.WON),
        ("gocardless", "contested", FactStatus.OPENED),
        ("gocardless", "lost", FactStatus.LOST),
        ("gocardless", "won", FactStatus.WON),
        ("mercado-pago", "contested", FactStatus.OPENED),
        ("mercado-pago", "lost", FactStatus.LOST),
        ("mercado-pago", "won", FactStatus.WON),
        ("midtrans", "lost", FactStatus.LOST),
        ("plaid", "lost", FactStatus.LOST),
    ],
)
def test_what_was_taken_back_is_told_beside_the_payment(
    there: LookUps, asker: Asker, slug: str, contest: str, status: FactStatus
) -> None:
    sale = there.pay(slug, "ORD-1", 125_000)
    sale.contest = contest

    told = asker.told(slug, by_hint(slug, sale))

    assert kinds(told) == [
        (FactKind.SUCCEEDED, "succeeded", 125_000),
        (FactKind.DISPUTE, status, 125_000),
    ]


@pytest.mark.parametrize(
    ("contest", "status"),
    [
        ("contested", FactStatus.OPENED),
        ("won", FactStatus.WON),
        ("lost", FactStatus.LOST),
    ],
)
def test_paypal_tells_of_a_dispute_that_is_named(
    there: LookUps, asker: Asker, contest: str, status: FactStatus
) -> None:
    sale = there.pay("paypal", "ORD-1", 125_000)
    sale.contest = contest

    told = asker.told("paypal", by_hint("paypal", sale, hint=f"PP-D-{sale.object_id}"))

    [dispute] = of(told, FactKind.DISPUTE)
    assert (dispute.status, dispute.capture_id) == (status, sale.object_id)
    assert dispute.amount == Money("USD", 125_000)


def test_a_gocardless_payment_that_fails_after_it_was_confirmed_is_gone(
    there: LookUps, asker: Asker
) -> None:
    sale = there.fail("gocardless", "ORD-1", 125_000)
    sale.more["late"] = "yes"

    assert kinds(asker.told("gocardless", by_hint("gocardless", sale))) == [
        (FactKind.SUCCEEDED, "succeeded", 125_000),
        (FactKind.DISPUTE, "lost", 125_000),
    ]


def test_a_gocardless_payment_that_is_taken_anew_after_it_failed_is_there_again(
    there: LookUps, asker: Asker
) -> None:
    """Where the failure was heard of, lost and won stand against each other, before a person."""
    sale = there.pay("gocardless", "ORD-1", 125_000)
    sale.more["retried"] = "yes"

    assert kinds(asker.told("gocardless", by_hint("gocardless", sale))) == [
        (FactKind.SUCCEEDED, "succeeded", 125_000),
        (FactKind.DISPUTE, "won", 125_000),
    ]


def test_a_paypal_capture_without_an_order_tells_its_refund_in_full(
    there: LookUps, asker: Asker
) -> None:
    sale = there.pay("paypal", "ORD-1", 125_000)
    sale.more["orderless"] = "yes"
    there.refund(sale, REFUND_IDS["paypal"], 125_000)

    by_capture = asker.told("paypal", by_hint("paypal", sale))
    by_refund = asker.told("paypal", by_hint("paypal", sale, hint=REFUND_IDS["paypal"]))

    assert [kind for kind, *_ in kinds(by_capture)] == [FactKind.SUCCEEDED, FactKind.REFUND_TOTAL]
    assert [kind for kind, *_ in kinds(by_refund)] == [FactKind.SUCCEEDED, FactKind.REFUND]


def test_a_paypal_capture_without_an_order_leaves_a_refund_in_part_to_the_refunds_own_event(
    there: LookUps, asker: Asker
) -> None:
    sale = there.pay("paypal", "ORD-1", 125_000)
    sale.more["orderless"] = "yes"
    there.refund(sale, REFUND_IDS["paypal"], 5_000)

    with pytest.raises(ProviderRefused):
        asker.told("paypal", by_hint("paypal", sale))
    told = asker.told("paypal", by_hint("paypal", sale, hint=REFUND_IDS["paypal"]))
    assert of(told, FactKind.REFUND)[0].amount == Money("USD", 5_000)


def test_an_approved_paypal_order_is_no_payment(there: LookUps, asker: Asker) -> None:
    sale = there.pay("paypal", "ORD-1", 125_000)
    sale.more["approved"] = "yes"

    told = asker.told("paypal", by_hint("paypal", sale, hint="O" + sale.object_id[1:]))

    assert kinds(told) == [(FactKind.INITIALIZED, "known", None)]
    assert told.reference == "ORD-1"


def test_fawry_tells_what_was_ordered_and_not_its_own_fee(there: LookUps, asker: Asker) -> None:
    sale = there.pay("fawry-v2", "ORD-1", 125_000)
    there.refund(sale, "", 125_000)

    assert kinds(asker.told("fawry-v2", by_name(sale))) == [
        (FactKind.SUCCEEDED, "succeeded", 125_000),
        (FactKind.REFUND_TOTAL, "succeeded", 125_000),
    ]


def test_fawry_leaves_a_refund_in_part_to_a_person(there: LookUps, asker: Asker) -> None:
    sale = there.pay("fawry-v2", "ORD-1", 125_000)
    there.refund(sale, "", 5_000)

    with pytest.raises(ProviderRefused):
        asker.told("fawry-v2", by_name(sale))


def test_a_captured_card_in_doubt_at_midtrans_is_not_paid(there: LookUps, asker: Asker) -> None:
    sale = there.pay("midtrans", "ORD-1", 125_000)
    sale.status, sale.more["fraud_status"] = "capture", "challenge"
    asking = by_hint("midtrans", sale)

    assert kinds(asker.told("midtrans", asking)) == [(FactKind.INITIALIZED, "known", None)]
    sale.more["fraud_status"] = "accept"
    assert kinds(asker.told("midtrans", asking)) == [(FactKind.SUCCEEDED, "succeeded", 125_000)]


def test_a_card_that_midtrans_cancels_once_it_is_known_here_goes_to_a_person(
    there: LookUps, asker: Asker
) -> None:
    sale = there.pay("midtrans", "ORD-1", 125_000)
    sale.status, sale.more["payment_type"] = "cancel", "credit_card"

    assert kinds(asker.told("midtrans", by_hint("midtrans", sale))) == [
        (FactKind.FAILED, "failed", None)
    ]
    with pytest.raises(ProviderRefused):
        asker.told("midtrans", by_name(sale))


def test_an_invoice_of_xendit_is_told_as_one(there: LookUps, asker: Asker) -> None:
    sale = there.pay("xendit", "ORD-1", 125_000, object_id="0123456789abcdef01234567")
    there.refund(sale, "rfd-1", 5_000)

    assert kinds(asker.told("xendit", by_hint("xendit", sale))) == [
        (FactKind.SUCCEEDED, "succeeded", 125_000),
        (FactKind.REFUND, "succeeded", 5_000),
    ]


def test_a_payment_request_of_klarna_says_nothing_of_money(there: LookUps, asker: Asker) -> None:
    sale = there.pay("klarna", "ORD-1", 125_000)
    hint = sale.object_id.replace(":transaction:", ":request:")

    told = asker.told("klarna", by_hint("klarna", sale, hint=hint))

    assert (told.facts, told.reference) == ((), "ORD-1")
    assert told.provider_reference is None


def test_a_payment_by_bank_at_plaid_counts_once_it_is_settled(there: LookUps, asker: Asker) -> None:
    sale = there.pay("plaid", "ORD-1", 12_550, object_id="payment-id-sandbox-1234")
    asking = by_hint("plaid", sale)
    assert kinds(asker.told("plaid", asking)) == [(FactKind.SUCCEEDED, "succeeded", 12_550)]

    sale.status = "EXECUTED"
    assert kinds(asker.told("plaid", asking)) == [(FactKind.INITIALIZED, "known", None)]


def test_a_push_that_nobody_here_knows_is_paid_to_nobody(there: LookUps, asker: Asker) -> None:
    """The answer has no amount: what an event says of it must not take its place."""
    sale = there.pay("mpesa-daraja", None, 125_000)
    claimed = by_hint("mpesa-daraja", sale, names=(), reference="ORD-1", amount=Money("KES", 1))
    unannounced = replace(claimed, reference=sale.object_id, amount=Money("USD", 0))

    for asking in (claimed, unannounced, replace(unannounced, amount=Money("USD", 125_000))):
        with pytest.raises(ProviderRefused) as caught:
            asker.told("mpesa-daraja", asking)
        assert caught.value.provider_code == "amount_untold"


def test_a_payment_may_be_announced_by_the_name_of_its_push(there: LookUps, asker: Asker) -> None:
    sale = there.pay("mpesa-daraja", None, 125_000)
    money = Money("KES", 125_000)

    told = asker.told(
        "mpesa-daraja",
        by_hint("mpesa-daraja", sale, names=(), reference=sale.object_id, amount=money),
    )

    assert [fact.amount for fact in told.facts] == [money]
    assert told.reference == sale.object_id


def test_a_push_that_failed_fails_nobody_who_is_not_known_by_it(
    there: LookUps, asker: Asker
) -> None:
    sale = there.fail("mpesa-daraja", None, 125_000)

    told = asker.told("mpesa-daraja", by_hint("mpesa-daraja", sale, names=(), reference="ORD-1"))

    assert told.reference is None


def test_interswitch_is_not_asked_about_what_nobody_announced_in_naira(
    there: LookUps, asker: Asker
) -> None:
    sale = there.pay("interswitch", "ORD-1", 125_000)
    for asking in (
        by_name(sale, amount=Money("USD", 0)),
        by_name(sale, reference="object:1", hint="1"),
    ):
        with pytest.raises(ProviderRefused):
            asker.told("interswitch", asking)

    assert there.asked("interswitch") == []


def test_interswitch_tells_the_amount_that_came_whatever_was_asked_with(
    there: LookUps, asker: Asker
) -> None:
    sale = there.pay("interswitch", "ORD-1", 100)
    sale.more["tampered"] = "yes"

    told = asker.told("interswitch", by_name(sale, amount=Money("NGN", 125_000)))

    assert kinds(told) == [(FactKind.SUCCEEDED, "succeeded", 100)]


@pytest.mark.parametrize("slug", ["interswitch", "fawry-v2"])
def test_an_answer_about_another_reference_is_none(there: LookUps, asker: Asker, slug: str) -> None:
    sale = there.pay(slug, "ORD-1", 125_000)
    sale.more["told_reference"] = "ORD-2"

    with pytest.raises(AnswerUnclear):
        asker.told(slug, by_hint(slug, sale))


def test_a_paypal_order_that_is_there_no_more_leaves_what_its_capture_tells(
    there: LookUps, asker: Asker
) -> None:
    sale = there.pay("paypal", "ORD-1", 125_000)
    sale.more["order_gone"] = "yes"

    assert kinds(asker.told("paypal", by_hint("paypal", sale))) == [
        (FactKind.SUCCEEDED, "succeeded", 125_000)
    ]


def test_a_transfer_to_a_customer_is_no_payment(there: LookUps, asker: Asker) -> None:
    sale = there.pay("plaid", "ORD-1", 125_000)
    sale.more["type"] = "credit"

    with pytest.raises(ProviderRefused):
        asker.told("plaid", by_hint("plaid", sale))


def test_a_refund_that_mercado_pago_tells_of_and_does_not_list_goes_to_a_person(
    there: LookUps, asker: Asker
) -> None:
    sale = there.pay("mercado-pago", "ORD-1", 125_000)
    there.refund(sale, "77", 5_000)
    sale.more["unlisted"] = "yes"

    with pytest.raises(ProviderRefused):
        asker.told("mercado-pago", by_hint("mercado-pago", sale))
