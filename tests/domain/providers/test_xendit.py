from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from domain.delivery import Delivery, Hearsay, Hint, ProviderEvent, Secret
from domain.errors import RequestMalformed
from domain.providers.xendit import Xendit

if TYPE_CHECKING:
    from domain.delivery import KeyedEvent

SECRET = b"test-only-not-a-real-key-0001"
VECTOR = (
    b'{"event":"payment.capture","business_id":"b1","created":"2025-01-01T00:00:00Z","data":'
    b'{"payment_id":"py-1","reference_id":"ORD-1","request_amount":125000,"currency":"IDR",'
    b'"status":"SUCCEEDED"}}'
)
INVOICE = {"id": "62f00ac4", "external_id": "ORD-1", "status": "PAID", "paid_amount": 1250}


def keyed(body: bytes, *headers: tuple[bytes, bytes]) -> KeyedEvent:
    delivery = Delivery([(b"x-callback-token", SECRET), *headers], body, 0)
    return Xendit().verify(delivery, [Secret("first", SECRET)]).events[0]


def heard(tree: Any) -> Hearsay | ProviderEvent:
    return Xendit().parse(json.dumps(tree).encode(), "any")


def test_the_token_lets_a_webhook_in_and_its_id_is_its_key() -> None:
    event = keyed(VECTOR, (b"webhook-id", b"wh-test-1"))

    assert (event.key, event.reference) == ("10:webhook-id9:wh-test-1", "ORD-1")
    with pytest.raises(RequestMalformed):
        keyed(VECTOR, (b"webhook-id", b"a"), (b"webhook-id", b"b"))


@pytest.mark.parametrize("header", [b"", b"a b", b"\xff", b"x" * 201])
def test_without_such_an_id_type_object_and_status_are_the_key(header: bytes) -> None:
    assert keyed(VECTOR).key == "15:payment.capture4:py-19:SUCCEEDED"
    assert keyed(VECTOR, (b"webhook-id", header)) == keyed(VECTOR)
    assert keyed(json.dumps(INVOICE).encode()).key == "8:callback8:62f00ac44:PAID"


def test_two_refunds_of_one_payment_are_two_events() -> None:
    keys = {
        keyed(
            b'{"event":"refund.succeeded","data":{"id":"%b","payment_id":"py-1",'
            b'"status":"SUCCEEDED"}}' % name
        ).key
        for name in (b"rfd-1", b"rfd-2")
    }

    assert len(keys) == 2


@pytest.mark.parametrize(
    "event",
    ["payment.capture", "payment.succeeded", "payment.failure", "payment.failed",
     "payment.authorization"],
)  # fmt: skip
def test_a_payment_is_asked_about_whatever_it_says(event: str) -> None:
    tree = {"event": event, "data": {"payment_id": "py-1", "reference_id": "ORD-1"}}

    assert heard(tree) == Hearsay(event, Hint("ORD-1"), Hint("py-1"))


@pytest.mark.parametrize("status", ["PAID", "SETTLED", "EXPIRED"])
def test_an_invoice_is_asked_about_by_its_own_id(status: str) -> None:
    told = heard(INVOICE | {"status": status})

    assert told == Hearsay("callback", Hint("ORD-1"), Hint("62f00ac4"))


@pytest.mark.parametrize("event", ["refund.succeeded", "refund.failed"])
@pytest.mark.parametrize("is_nested", [False, True])
def test_a_refund_has_its_payment_asked_about_and_its_own_reference_is_none(
    event: str,
    is_nested: bool,  # noqa: FBT001
) -> None:
    data: dict[str, Any] = {"id": "rfd-1", "payment_id": "py-1", "reference_id": "ORD-2"}

    told = heard({"event": event, "data": {"data": data} if is_nested else data})

    assert told == Hearsay(event, None, Hint("py-1"))


@pytest.mark.parametrize("event", ["payout.succeeded", "payout.failed", "payout.reversed"])
def test_nobody_is_asked_about_a_payout(event: str) -> None:
    tree = {"event": event, "data": {"id": "disb-1", "reference_id": "ORD-1"}}

    assert heard(tree) == ProviderEvent(event, None)
