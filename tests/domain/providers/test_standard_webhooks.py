from __future__ import annotations

from typing import Any

import pytest

from domain.delivery import KeyedEvent, Mode, ProviderEvent
from domain.errors import PayloadInvalid
from domain.facts import Fact, FactKind, FactStatus
from domain.money import Money
from tests.conformance.sender import NOW_S, dumped
from tests.conformance.senders.standard_webhooks import SENDER as STANDARD_WEBHOOKS


def parsed(type_: str, **changes: Any) -> ProviderEvent:
    data = {"id": "x_1", "reference": "ORD-1", "amount_minor": 125_000, "currency": "NGN"}
    tree = {"type": type_, "timestamp": "2025-01-01T00:00:00Z", "data": data | changes}
    return STANDARD_WEBHOOKS.told(dumped(tree))


@pytest.mark.parametrize(
    ("type_", "kind", "status"),
    [
        ("payment.succeeded", FactKind.SUCCEEDED, FactStatus.SUCCEEDED),
        ("refund.pending", FactKind.REFUND, FactStatus.PENDING),
        ("refund.succeeded", FactKind.REFUND, FactStatus.SUCCEEDED),
        ("refund.failed", FactKind.REFUND, FactStatus.FAILED),
        ("dispute.opened", FactKind.DISPUTE, FactStatus.OPENED),
        ("dispute.won", FactKind.DISPUTE, FactStatus.WON),
        ("dispute.lost", FactKind.DISPUTE, FactStatus.LOST),
    ],
)
def test_a_type_about_money_is_one_claim_of_an_amount(
    type_: str, kind: FactKind, status: FactStatus
) -> None:
    told = parsed(type_)

    assert told.facts == (Fact(kind, "x_1", status, Money("NGN", 125_000), at_s=NOW_S),)
    assert (told.reference, told.mode) == ("ORD-1", None)


@pytest.mark.parametrize(
    ("type_", "kind", "status"),
    [
        ("payment.initialized", FactKind.INITIALIZED, FactStatus.KNOWN),
        ("payment.failed", FactKind.FAILED, FactStatus.FAILED),
    ],
)
def test_a_type_about_a_state_needs_no_amount(
    type_: str, kind: FactKind, status: FactStatus
) -> None:
    told = parsed(type_, amount_minor=None, currency=None)

    assert told.facts == (Fact(kind, "x_1", status, at_s=NOW_S),)
    assert told.provider_reference == "x_1"


def test_a_refund_and_a_dispute_may_name_their_payment() -> None:
    for type_ in ("refund.succeeded", "dispute.opened"):
        told = parsed(type_, payment_id="pay_1")
        assert told.facts[0].capture_id == "pay_1"
        assert told.provider_reference == "pay_1"


def test_a_success_may_name_its_fee() -> None:
    _, fee = parsed("payment.succeeded", fee_minor=300).facts

    assert fee == Fact(FactKind.FEE, "x_1", FactStatus.KNOWN, Money("NGN", 300), at_s=NOW_S)


def test_the_mode_is_said_by_livemode_alone() -> None:
    assert parsed("payment.succeeded", livemode=True).mode is Mode.LIVE
    assert parsed("payment.succeeded", livemode=False).mode is Mode.TEST
    assert parsed("invoice.sent", livemode=True).mode is Mode.LIVE


@pytest.mark.parametrize(
    "changes",
    [
        {"id": None},
        {"amount_minor": None},
        {"amount_minor": 0},
        {"amount_minor": "125000"},
        {"amount_minor": 1250.0},
        {"amount_minor": True},
        {"currency": "ngn"},
        {"currency": None},
        {"fee_minor": -1},
        {"payment_id": ""},
        {"livemode": "true"},
    ],
    ids=str,
)
def test_what_is_not_as_described_is_no_fact(changes: dict[str, Any]) -> None:
    with pytest.raises(PayloadInvalid):
        parsed("payment.succeeded", **changes)


def test_any_other_type_says_nothing() -> None:
    body = dumped({"type": "invoice.sent", "timestamp": "2025-01-01T00:00:00Z", "data": [1]})

    assert STANDARD_WEBHOOKS.told(body) == ProviderEvent("invoice.sent", None)


@pytest.mark.parametrize(
    "tree", [{}, {"type": None}, {"type": 7}, {"type": "payment.failed"}], ids=str
)
def test_a_body_has_a_type_and_where_it_needs_them_data(tree: dict[str, Any]) -> None:
    with pytest.raises(PayloadInvalid):
        STANDARD_WEBHOOKS.told(dumped(tree))


def test_the_key_is_the_message_id_and_not_what_the_body_says() -> None:
    body = dumped({"type": "payment.failed", "id": "other", "data": {"reference": "ORD-1"}})

    request = STANDARD_WEBHOOKS.request(body)

    verified = STANDARD_WEBHOOKS.verify(request)

    assert verified.events == (KeyedEvent(request.headers[0][1].decode(), "ORD-1"),)
