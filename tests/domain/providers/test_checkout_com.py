from __future__ import annotations

from typing import Any

import pytest

from domain.delivery import Delivery, KeyedEvent, ProviderEvent, Secret
from domain.facts import Fact, FactKind, FactStatus
from domain.money import Money
from tests.conformance.sender import NOW_S, dumped
from tests.conformance.senders.checkout_com import SENDER

USD = Money("USD", 125_000)


def told(type_: str, **changes: Any) -> ProviderEvent:
    data = {
        "id": "pay_1",
        "action_id": "act_1",
        "reference": "ORD-1",
        "amount": 125_000,
        "currency": "USD",
    }
    tree = {
        "id": "evt_1",
        "type": type_,
        "created_on": "2025-01-01T00:00:00Z",
        "data": data | changes,
    }
    return SENDER.told(dumped(tree))


def disputed(type_: str) -> ProviderEvent:
    return told(type_, id="dsp_1", payment_id="pay_1", payment_reference="ORD-1", reference=None)


def test_a_signature_made_elsewhere_is_verified() -> None:
    body = (
        b'{"id":"evt_test_0001","type":"payment_captured","version":"1.0.0",'
        b'"created_on":"2025-01-01T00:00:00Z","data":{"id":"pay_test_1","action_id":"act_test_1",'
        b'"reference":"ORD-1","amount":1250,"currency":"USD"}}'
    )
    code = b"29cb07b9b152997c6d8fe4f17842285268cb67738a3de0b615bc9a42ccfbc6ea"

    verified = SENDER.provider.verify(
        Delivery([(b"cko-signature", code)], body, NOW_S),
        [Secret("first", b"test-only-not-a-real-key-0001")],
    )

    assert verified.events == (KeyedEvent("evt_test_0001", "ORD-1"),)
    assert SENDER.told(body).facts[0].amount == Money("USD", 1_250)


def test_a_payment_is_a_success_when_it_is_captured_and_not_when_it_is_approved() -> None:
    approved, captured = told("payment_approved"), told("payment_captured")

    assert approved.facts == (Fact(FactKind.INITIALIZED, "pay_1", FactStatus.KNOWN, at_s=NOW_S),)
    assert captured.facts == (
        Fact(FactKind.SUCCEEDED, "pay_1", FactStatus.SUCCEEDED, USD, at_s=NOW_S),
    )
    assert (captured.reference, captured.provider_reference) == ("ORD-1", "pay_1")


@pytest.mark.parametrize("end", ["declined", "capture_declined", "expired", "canceled", "voided"])
def test_a_payment_of_which_nothing_was_taken_is_a_failure(end: str) -> None:
    assert told(f"payment_{end}").facts == (
        Fact(FactKind.FAILED, "pay_1", FactStatus.FAILED, at_s=NOW_S),
    )


@pytest.mark.parametrize(
    ("type_", "status"),
    [
        ("payment_refund_pending", FactStatus.PENDING),
        ("payment_refunded", FactStatus.SUCCEEDED),
        ("payment_refund_declined", FactStatus.FAILED),
    ],
)
def test_a_refund_is_named_by_its_action(type_: str, status: FactStatus) -> None:
    assert told(type_).facts == (Fact(FactKind.REFUND, "act_1", status, USD, "pay_1", NOW_S),)


@pytest.mark.parametrize(
    ("end", "status"),
    [
        ("received", FactStatus.OPENED),
        ("evidence_required", FactStatus.OPENED),
        ("evidence_submitted", FactStatus.OPENED),
        ("won", FactStatus.WON),
        ("canceled", FactStatus.WON),
        ("resolved", FactStatus.WON),
        ("lost", FactStatus.LOST),
    ],
)
def test_a_dispute_names_its_payment_by_other_members(end: str, status: FactStatus) -> None:
    said = disputed(f"dispute_{end}")

    assert said.facts == (Fact(FactKind.DISPUTE, "dsp_1", status, USD, "pay_1", NOW_S),)
    assert (said.reference, said.provider_reference) == ("ORD-1", "pay_1")


@pytest.mark.parametrize("type_", ["payment_paid", "payment_returned", "card_verified"])
def test_payouts_and_cards_are_ignored(type_: str) -> None:
    assert told(type_).facts == ()


@pytest.mark.parametrize(
    ("currency", "amount", "amount_minor"),
    [("JPY", 1_250, 1_250), ("KWD", 1_250, 1_250), ("CLP", 125_000, 1_250), ("EUR", 1, 1)],
)
def test_pesos_have_two_decimals_and_other_currencies_their_own(
    currency: str, amount: int, amount_minor: int
) -> None:
    said = told("payment_captured", currency=currency, amount=amount)

    assert said.facts[0].amount == Money(currency, amount_minor)
