from __future__ import annotations

from typing import Any

import pytest

from domain.delivery import Delivery, Hearsay, Hint, KeyedEvent, Mode, ProviderEvent, Secret
from domain.errors import PayloadInvalid
from domain.facts import Fact, FactKind, FactStatus
from domain.money import Money
from tests.conformance.sender import NOW_S, dumped
from tests.conformance.senders.lemon_squeezy import SENDER

USD = Money("USD", 1_250)
INVOICE = "subscription-invoices/57"


def tree(event: str, type_: str, id_: str, **attributes: Any) -> dict[str, Any]:
    whole = {
        "total": 1_250,
        "currency": "USD",
        "status": "paid",
        "updated_at": "2025-01-01T00:00:00.000000Z",
    }
    return {
        "meta": {"event_name": event, "custom_data": {"reference": "ORD-1"}},
        "data": {"type": type_, "id": id_, "attributes": whole | attributes},
    }


def order(event: str, **attributes: Any) -> ProviderEvent:
    return SENDER.told(dumped(tree(event, "orders", "57", **attributes)))


def invoice(event: str, **attributes: Any) -> ProviderEvent | Hearsay:
    reason = {"billing_reason": "renewal"}
    body = tree(event, "subscription-invoices", "57", **(reason | attributes))
    return SENDER.provider.parse(dumped(body), "any")


def facts(said: ProviderEvent | Hearsay) -> tuple[Fact, ...]:
    assert isinstance(said, ProviderEvent)
    return said.facts


def succeeded(object_id: str) -> Fact:
    return Fact(FactKind.SUCCEEDED, object_id, FactStatus.SUCCEEDED, USD, at_s=NOW_S)


def test_a_signature_made_elsewhere_is_verified() -> None:
    body = (
        b'{"meta":{"event_name":"order_created","custom_data":{"reference":"ORD-1"}},"data":'
        b'{"type":"orders","id":"1","attributes":{"identifier":"abc","total":1250,'
        b'"currency":"USD","status":"paid","updated_at":"2025-01-01T00:00:00.000000Z"}}}'
    )
    code = b"79db2a1fc463120729512b0d2be63333bfb1a6b81f8ee6949202659c53d2bccd"
    headers = [(b"x-signature", code), (b"x-event-name", b"order_refunded")]

    (event,) = SENDER.provider.verify(
        Delivery(headers, body, NOW_S), [Secret("first", b"test-only-not-a-real-key-0001")]
    ).events

    key = "13:order_created6:orders1:127:2025-01-01T00:00:00.000000Z"
    assert event == KeyedEvent(key, "ORD-1")
    assert facts(SENDER.provider.parse(body, event.key)) == (succeeded("1"),)


def test_an_order_is_a_success_when_it_is_paid() -> None:
    said = order("order_created", test_mode=True)

    assert said == ProviderEvent("order_created", "ORD-1", (succeeded("57"),), Mode.TEST, "57")
    assert order("order_created", test_mode=False).mode is Mode.LIVE


def test_an_order_that_waits_or_failed_is_told_as_such() -> None:
    kinds = [
        f.kind
        for s in ("pending", "failed", "fraudulent")
        for f in order("order_created", status=s).facts
    ]

    assert kinds == [FactKind.INITIALIZED, FactKind.FAILED]


def test_a_renewal_is_one_success_under_two_names_and_is_never_taken_for_an_order() -> None:
    for event in ("subscription_payment_success", "subscription_payment_recovered"):
        assert facts(invoice(event)) == (succeeded(INVOICE),)
    assert facts(invoice("subscription_payment_failed")) == (
        Fact(FactKind.FAILED, INVOICE, FactStatus.FAILED, at_s=NOW_S),
    )


def test_the_first_payment_of_a_subscription_is_told_by_its_order_alone() -> None:
    assert facts(invoice("subscription_payment_success", billing_reason="initial")) == ()
    assert facts(invoice("subscription_payment_failed", billing_reason="initial")) == ()


@pytest.mark.parametrize(
    ("event", "reason"),
    [("subscription_payment_refunded", "initial"), ("subscription_payment_success", None)],
)
def test_an_invoice_that_may_be_an_orders_is_asked_about(event: str, reason: str | None) -> None:
    assert invoice(event, billing_reason=reason) == Hearsay(event, Hint("ORD-1"), None)


def test_refunds_are_told_as_a_growing_total() -> None:
    back = {"refunded_amount": 100, "status": "partial_refund"}
    told = [
        *order("order_refunded", **back).facts,
        *facts(invoice("subscription_payment_refunded", **back)),
    ]

    money = Money("USD", 100)
    assert told == [
        Fact(FactKind.REFUND_TOTAL, name, FactStatus.SUCCEEDED, money, name, NOW_S)
        for name in ("57", INVOICE)
    ]


@pytest.mark.parametrize("event", ["dispute_created", "dispute_resolved"])
def test_a_dispute_is_asked_about_for_its_shape_is_not_known(event: str) -> None:
    body = tree(event, "disputes", "9", order_id=57)

    said = SENDER.provider.parse(dumped(body), "any")

    assert said == Hearsay(event, Hint("ORD-1"), Hint("57"))


@pytest.mark.parametrize("event", ["subscription_created", "license_key_created"])
def test_what_is_no_payment_is_ignored(event: str) -> None:
    assert SENDER.told(dumped(tree(event, "subscriptions", "3"))).facts == ()


def test_an_order_of_nothing_is_no_news() -> None:
    assert order("order_created", total=0).facts == ()


def test_an_invoice_without_an_id_is_refused() -> None:
    body = tree(
        "subscription_payment_success", "subscription-invoices", "", billing_reason="renewal"
    )
    with pytest.raises(PayloadInvalid):
        SENDER.told(dumped(body))


def test_a_secret_of_fewer_than_16_characters_is_none() -> None:
    assert not SENDER.provider.is_secret("short")
    assert SENDER.provider.is_secret("0123456789abcdef")
