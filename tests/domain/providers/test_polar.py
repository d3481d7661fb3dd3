"""Bodies in the shapes Polar publishes, with values of our own."""

from __future__ import annotations

from typing import Any

import pytest

from domain.delivery import Delivery, KeyedEvent, ProviderEvent, Secret
from domain.errors import PayloadInvalid
from domain.facts import Fact, FactKind, FactStatus
from domain.money import Money
from domain.providers.polar import Polar
from tests.conformance.sender import NOW_S, dumped
from tests.conformance.senders.polar import SENDER


def parsed(type_: str, data: dict[str, Any]) -> ProviderEvent:
    tree = {"type": type_, "timestamp": "2025-01-01T00:00:00Z", "data": data}
    said = Polar().parse(dumped(tree), "any")
    assert isinstance(said, ProviderEvent)
    return said


def refund(**changes: Any) -> dict[str, Any]:
    return {
        "id": "re_1",
        "order_id": "order_1",
        "status": "succeeded",
        "amount": 1000,
        "tax_amount": 230,
        "currency": "eur",
    } | changes


def test_the_whole_text_of_the_secret_is_the_key() -> None:
    delivery = Delivery(
        [
            (b"webhook-id", b"msg_test_0001"),
            (b"webhook-timestamp", b"1735689600"),
            (b"webhook-signature", b"v1,iqCiUhN9KMBgy53zmfUrraTE2J9jATmhKks0Rahe4Fo="),
        ],
        b'{"type":"order.paid","timestamp":"2025-01-01T00:00:00Z","data":{"id":"ord_test_1",'
        b'"status":"paid","total_amount":125000,"currency":"usd"}}',
        NOW_S,
    )

    verified = Polar().verify(delivery, [Secret("first", b"test-only-not-a-real-key-0001")])

    assert verified.events == (KeyedEvent("msg_test_0001", None),)


def test_a_paid_order_is_a_success_of_its_total() -> None:
    said = Polar().parse(SENDER.body, "any")

    assert said == ProviderEvent(
        "order.paid",
        "ORD-1",
        facts=(
            Fact(
                FactKind.SUCCEEDED,
                "order_302961",
                FactStatus.SUCCEEDED,
                Money("USD", 125_000),
                at_s=NOW_S,
            ),
        ),
        provider_reference="order_302961",
    )


def test_a_checkout_that_succeeded_says_nothing_beside_its_order() -> None:
    assert parsed("checkout.updated", {"id": "co_1", "status": "succeeded"}).facts == ()


def test_a_checkout_that_failed_is_a_failure() -> None:
    (fact,) = parsed("checkout.updated", {"id": "co_1", "status": "failed"}).facts

    assert fact.key == (FactKind.FAILED, "co_1", FactStatus.FAILED, None, None)


@pytest.mark.parametrize("type_", ["refund.created", "refund.updated"])
@pytest.mark.parametrize(
    ("written", "status"),
    [
        ("pending", FactStatus.PENDING),
        ("succeeded", FactStatus.SUCCEEDED),
        ("failed", FactStatus.FAILED),
        ("canceled", FactStatus.FAILED),
    ],
)
def test_a_refund_gives_back_its_amount_and_its_tax(
    type_: str, written: str, status: FactStatus
) -> None:
    said = parsed(type_, refund(status=written))

    assert said.facts == (
        Fact(FactKind.REFUND, "re_1", status, Money("EUR", 1230), "order_1", NOW_S),
    )
    assert said.provider_reference == "order_1"


@pytest.mark.parametrize(
    "wrong",
    [{"tax_amount": None}, {"amount": "1000"}, {"currency": "xxx"}, {"order_id": None}],
)
def test_a_refund_that_is_not_as_documented_is_set_aside(wrong: dict[str, Any]) -> None:
    with pytest.raises(PayloadInvalid):
        parsed("refund.updated", refund(**wrong))


@pytest.mark.parametrize(
    "type_", ["order.created", "order.updated", "order.refunded", "subscription.active"]
)
def test_what_moves_no_money_or_was_told_otherwise_is_ignored(type_: str) -> None:
    assert parsed(type_, refund()).facts == ()


def test_a_refund_in_a_state_that_is_not_known_says_nothing() -> None:
    assert parsed("refund.updated", refund(status="new")).facts == ()
