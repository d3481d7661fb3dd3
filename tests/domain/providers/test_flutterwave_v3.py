from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from domain.delivery import Delivery, Hearsay, Hint, ProviderEvent, Secret
from domain.providers.flutterwave_v3 import FlutterwaveV3

if TYPE_CHECKING:
    from domain.delivery import KeyedEvent

SECRET = b"test-only-not-a-real-key-0001"
VECTOR = (
    b'{"event":"charge.completed","data":{"id":285959875,"tx_ref":"ORD-1","flw_ref":"FLW-1",'
    b'"amount":1250.00,"currency":"NGN","status":"successful"}}'
)
OLDER = {
    "id": 126122,
    "txRef": "ORD-1",
    "amount": 1250,
    "status": "successful",
    "event.type": "CARD_TRANSACTION",
}


def keyed(body: bytes) -> KeyedEvent:
    delivery = Delivery([(b"verif-hash", SECRET)], body, 0)
    return FlutterwaveV3().verify(delivery, [Secret("first", SECRET)]).events[0]


def heard(event: str, **data: Any) -> Hearsay | ProviderEvent:
    return FlutterwaveV3().parse(json.dumps({"event": event, "data": data}).encode(), "any")


def test_the_token_lets_a_webhook_in_and_its_key_is_of_type_object_and_status() -> None:
    event = keyed(VECTOR)

    assert event.key == "16:charge.completed9:28595987510:successful"
    assert event.reference == "ORD-1"


@pytest.mark.parametrize("status", ["successful", "failed", "pending"])
def test_a_charge_is_asked_about_whatever_it_says(status: str) -> None:
    told = heard("charge.completed", id=7, tx_ref="ORD-1", status=status, amount=1250)

    assert told == Hearsay("charge.completed", Hint("ORD-1"), Hint("7"))


def test_a_refund_has_the_transaction_asked_about_and_not_the_refund() -> None:
    told = heard("refund.completed", id=7, TransactionId=9, status="completed")

    assert told == Hearsay("refund.completed", None, Hint("9"))
    assert heard("refund.completed", id=7) == Hearsay("refund.completed", None, None)


def test_a_failure_that_turned_into_a_success_is_another_event() -> None:
    failed = keyed(VECTOR.replace(b"successful", b"failed"))

    assert failed.key != keyed(VECTOR).key


def test_an_older_payload_is_heard_too() -> None:
    body = json.dumps(OLDER).encode()

    assert keyed(body).key == "16:CARD_TRANSACTION6:12612210:successful"
    told = FlutterwaveV3().parse(body, "any")
    assert told == Hearsay("CARD_TRANSACTION", Hint("ORD-1"), Hint("126122"))


@pytest.mark.parametrize("event", ["transfer.completed", "subscription.cancelled"])
def test_nobody_is_asked_about_what_is_no_payment(event: str) -> None:
    assert heard(event, id=7, reference="ORD-1") == ProviderEvent(event, None)


def test_what_names_nothing_cannot_be_keyed() -> None:
    event = keyed(b'{"event":"charge.completed","data":{"tx_ref":"ORD-1"}}')

    assert (event.readable, event.reference) == (False, None)
