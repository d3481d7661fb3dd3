"""Bodies in the shapes Paddle publishes, with values of our own."""

from __future__ import annotations

from typing import Any

import pytest

from domain.delivery import Delivery, KeyedEvent, ProviderEvent, Secret
from domain.errors import PayloadInvalid, SignatureExpired
from domain.facts import FactKind, FactStatus
from domain.money import Money
from domain.providers.paddle_billing import PaddleBilling
from tests.conformance.sender import NOW_S, dumped
from tests.conformance.senders.paddle_billing import SENDER

PUBLISHED_CODE = b"d96299976a6eb066f484d7fde011ac56fc32b38fc9940bc419d6e537fdc6ef02"
PUBLISHED = Delivery(
    [(b"paddle-signature", b"ts=1696195954;h1=dummy;h1=" + PUBLISHED_CODE)],
    b"hello-world",
    1_696_195_954,
)
PUBLISHED_SECRET = b"pdl_ntf_01hbpjmytsa32fhr36nqgc3kgb_WvRO0eL4Bj9rgYYIBZY6wZhG4EHy9jzh"


def parsed(type_: str, data: dict[str, Any]) -> ProviderEvent:
    said = PaddleBilling().parse(
        dumped({"event_id": "evt_1", "event_type": type_, "data": data}), "any"
    )
    assert isinstance(said, ProviderEvent)
    return said


def transaction(**changes: Any) -> dict[str, Any]:
    return {
        "id": "txn_1",
        "currency_code": "EUR",
        "custom_data": {"reference": "ORD-1"},
        "details": {"totals": {"grand_total": "125000"}},
    } | changes


def adjustment(action: str, status: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": "adj_1",
        "action": action,
        "status": status,
        "transaction_id": "txn_1",
        "currency_code": "EUR",
        "totals": {"total": "500"},
    } | changes


def test_the_published_code_is_found_among_several() -> None:
    verified = PaddleBilling().verify(PUBLISHED, [Secret("first", PUBLISHED_SECRET)])

    assert verified.key_id == "first"
    assert not verified.events[0].readable


def test_the_event_id_is_the_key() -> None:
    assert SENDER.verify(SENDER.request()).events == (KeyedEvent("evt_302961", "ORD-1"),)


@pytest.mark.parametrize("type_", ["transaction.paid", "transaction.completed"])
def test_paid_and_completed_are_one_fact(type_: str) -> None:
    said = parsed(type_, transaction())

    assert [fact.key for fact in said.facts] == [
        (FactKind.SUCCEEDED, "txn_1", FactStatus.SUCCEEDED, Money("EUR", 125_000), None)
    ]
    assert (said.reference, said.provider_reference) == ("ORD-1", "txn_1")


@pytest.mark.parametrize("type_", ["transaction.payment_failed", "transaction.canceled"])
def test_a_payment_that_failed_is_a_failure(type_: str) -> None:
    assert [fact.kind for fact in parsed(type_, transaction()).facts] == [FactKind.FAILED]


@pytest.mark.parametrize(
    ("action", "status", "expected"),
    [
        ("refund", "pending_approval", (FactKind.REFUND, "adj_1", FactStatus.PENDING)),
        ("refund", "approved", (FactKind.REFUND, "adj_1", FactStatus.SUCCEEDED)),
        ("refund", "rejected", (FactKind.REFUND, "adj_1", FactStatus.FAILED)),
        ("chargeback", "approved", (FactKind.DISPUTE, "txn_1", FactStatus.OPENED)),
        ("chargeback", "reversed", (FactKind.DISPUTE, "txn_1", FactStatus.WON)),
        ("chargeback_reverse", "approved", (FactKind.DISPUTE, "txn_1", FactStatus.WON)),
    ],
)
@pytest.mark.parametrize("type_", ["adjustment.created", "adjustment.updated"])
def test_an_adjustment_says_what_was_given_back(
    type_: str, action: str, status: str, expected: tuple[FactKind, str, FactStatus]
) -> None:
    said = parsed(type_, adjustment(action, status))

    assert [fact.key for fact in said.facts] == [(*expected, Money("EUR", 500), "txn_1")]
    assert said.provider_reference == "txn_1"


@pytest.mark.parametrize(
    ("type_", "data"),
    [
        ("adjustment.created", adjustment("chargeback_warning", "approved")),
        ("adjustment.created", adjustment("credit", "approved")),
        ("adjustment.updated", adjustment("refund", "reversed")),
        ("subscription.created", transaction()),
        ("payout.paid", {"id": "pay_1"}),
    ],
)
def test_what_takes_no_money_is_ignored(type_: str, data: dict[str, Any]) -> None:
    assert parsed(type_, data).facts == ()


def test_an_amount_is_digits_in_the_smallest_unit() -> None:
    yen = transaction(currency_code="JPY", details={"totals": {"grand_total": "1250"}})

    assert parsed("transaction.paid", yen).facts[0].amount == Money("JPY", 1250)
    with pytest.raises(PayloadInvalid):
        parsed("transaction.paid", transaction(details={"totals": {"grand_total": "1250.00"}}))


@pytest.mark.parametrize(("setting", "last_s"), [({}, 300), ({"TOLERANCE_S": "5"}, 5)])
def test_a_setting_narrows_the_tolerance(setting: dict[str, str], last_s: int) -> None:
    provider, request = PaddleBilling().configured(setting, None), SENDER.request()
    secrets = [Secret("first", SENDER.secret)]

    provider.verify(SENDER.delivery(request, now_s=NOW_S + last_s), secrets)

    with pytest.raises(SignatureExpired):
        provider.verify(SENDER.delivery(request, now_s=NOW_S + last_s + 1), secrets)
