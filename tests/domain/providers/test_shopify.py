from __future__ import annotations

from typing import Any

import pytest

from domain.delivery import Delivery, KeyedEvent, Mode, ProviderEvent, Secret
from domain.facts import Fact, FactKind, FactStatus
from domain.money import Money
from tests.conformance.sender import NOW_S, dumped
from tests.conformance.senders.shopify import SENDER

ORDER = 820_982_911_946_154_508
USD = Money("USD", 1_250)
ORDER_TREE: dict[str, Any] = {
    "id": ORDER,
    "financial_status": "paid",
    "currency": "USD",
    "total_price": "12.50",
    "note_attributes": [{"name": "gift", "value": "no"}, {"name": "reference", "value": "ORD-1"}],
    "updated_at": "2025-01-01T00:00:00Z",
}


def order(**changes: Any) -> ProviderEvent:
    return SENDER.told(dumped(ORDER_TREE | changes))


def transaction(kind: str, status: str) -> dict[str, Any]:
    return {
        "id": 7,
        "order_id": ORDER,
        "parent_id": None,
        "kind": kind,
        "status": status,
        "amount": "5.00",
        "currency": "USD",
    }


def dispute(type_: str, status: str) -> dict[str, Any]:
    return {
        "id": 9,
        "order_id": ORDER,
        "type": type_,
        "status": status,
        "amount": "5.00",
        "currency": "USD",
        "evidence_due_by": None,
    }


def key(tree: dict[str, Any]) -> KeyedEvent:
    return SENDER.verify(SENDER.request(dumped(tree))).events[0]


def refund(status: FactStatus) -> Fact:
    return Fact(FactKind.REFUND, "7", status, Money("USD", 500), str(ORDER))


def test_a_signature_made_elsewhere_is_verified_under_any_topic() -> None:
    body = (
        b'{"id":820982911946154508,"financial_status":"paid","currency":"USD",'
        b'"total_price":"12.50","name":"#1001"}'
    )
    code = b"Da4CKkV5L26N/XECbRCvrjXmlgNPZRm8MblfDzyft30="
    secrets = [Secret("first", b"test-only-not-a-real-key-0001")]

    for topic in (b"orders/paid", b"refunds/create", b"app/uninstalled"):
        headers = [(b"x-shopify-hmac-sha256", code), (b"x-shopify-topic", topic)]
        (event,) = SENDER.provider.verify(Delivery(headers, body, NOW_S), secrets).events
        assert event == KeyedEvent(f"10:order.paid18:{ORDER}", None)
    assert SENDER.told(body).facts == (
        Fact(FactKind.SUCCEEDED, str(ORDER), FactStatus.SUCCEEDED, USD),
    )


def test_an_order_is_what_its_financial_status_says() -> None:
    def kinds(status: str) -> list[FactKind]:
        return [fact.kind for fact in order(financial_status=status).facts]

    assert kinds("paid") == [FactKind.SUCCEEDED]
    assert kinds("pending") == kinds("authorized") == [FactKind.INITIALIZED]
    assert kinds("voided") == kinds("expired") == [FactKind.FAILED]
    assert kinds("refunded") == kinds("partially_refunded") == kinds("partially_paid") == []


def test_an_order_is_ours_by_its_note_attribute() -> None:
    said = order(test=True)

    assert (said.reference, said.provider_reference) == ("ORD-1", str(ORDER))
    assert said.mode is Mode.TEST
    for attributes in (None, [], ["x"], ORDER_TREE["note_attributes"] * 2):
        assert order(note_attributes=attributes).reference is None


def test_a_transaction_that_takes_money_says_nothing_beside_its_order() -> None:
    for kind in ("sale", "capture", "authorization"):
        assert SENDER.told(dumped(transaction(kind, "success"))).facts == ()


@pytest.mark.parametrize(
    ("status", "meant"),
    [
        ("pending", FactStatus.PENDING),
        ("success", FactStatus.SUCCEEDED),
        ("failure", FactStatus.FAILED),
        ("error", FactStatus.FAILED),
    ],
)
def test_a_refund_and_its_transaction_are_one_fact(status: str, meant: FactStatus) -> None:
    alone = transaction("refund", status)
    whole = {"id": 3, "order_id": ORDER, "refund_line_items": [], "transactions": [alone]}

    for tree in (alone, whole):
        said = SENDER.told(dumped(tree))
        assert said.facts == (refund(meant),)
        assert said.provider_reference == str(ORDER)


@pytest.mark.parametrize(
    ("status", "meant"),
    [
        ("needs_response", FactStatus.OPENED),
        ("under_review", FactStatus.OPENED),
        ("won", FactStatus.WON),
        ("lost", FactStatus.LOST),
        ("accepted", FactStatus.LOST),
    ],
)
def test_a_chargeback_is_a_dispute_and_an_inquiry_takes_no_money(
    status: str, meant: FactStatus
) -> None:
    money = Money("USD", 500)
    assert SENDER.told(dumped(dispute("chargeback", status))).facts == (
        Fact(FactKind.DISPUTE, "9", meant, money, str(ORDER)),
    )
    assert SENDER.told(dumped(dispute("inquiry", status))).facts == ()


def test_the_key_follows_the_body_and_its_last_change() -> None:
    keys = [
        key(tree).key
        for tree in (
            ORDER_TREE,
            ORDER_TREE | {"updated_at": "2025-01-01T00:00:01Z"},
            ORDER_TREE | {"financial_status": "refunded"},
            transaction("refund", "pending"),
            transaction("refund", "success"),
            dispute("chargeback", "won"),
        )
    ]

    assert keys[0] == f"10:order.paid18:{ORDER}20:2025-01-01T00:00:00Z"
    assert len(set(keys)) == len(keys)


def test_a_body_of_no_kind_we_know_is_kept_and_ignored() -> None:
    event = key({"id": 1, "title": "A shirt"})

    assert event.readable
    assert event.key.startswith("body:")
    assert SENDER.told(b'{"id":1,"title":"A shirt"}') == ProviderEvent("unknown", None)
