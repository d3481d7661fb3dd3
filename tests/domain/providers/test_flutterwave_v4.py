from __future__ import annotations

from typing import Any

import pytest

from domain.delivery import Delivery, Hearsay, Hint, KeyedEvent, ProviderEvent, Secret
from domain.errors import PayloadInvalid, SignatureInvalid
from tests.conformance.sender import NOW_S, dumped
from tests.conformance.senders.flutterwave_v4 import SENDER

SECRET = b"test-only-not-a-real-key-0001"
BODY = (
    b'{"id":"wbk_test_0001","type":"charge.completed","timestamp":1735689600000,"data":'
    b'{"id":"chg_test_1","reference":"ORD-1","amount":1250,"currency":"NGN","status":"succeeded"}}'
)


def key(tree: dict[str, Any]) -> KeyedEvent:
    return SENDER.verify(SENDER.request(dumped(tree))).events[0]


def test_a_signature_made_elsewhere_is_verified_and_the_body_is_hearsay() -> None:
    code = b"3/TIOFLoAg2EOBPnhUP8BGKteiK8JBBmHz0UmE7cG7k="
    delivery = Delivery([(b"flutterwave-signature", code)], BODY, NOW_S)

    (event,) = SENDER.provider.verify(delivery, [Secret("first", SECRET)]).events

    assert event == KeyedEvent("wbk_test_0001", "ORD-1")
    assert SENDER.provider.parse(BODY, event.key) == Hearsay(
        "charge.completed", Hint("ORD-1"), Hint("chg_test_1")
    )


def test_the_secret_itself_in_the_header_is_refused() -> None:
    delivery = Delivery([(b"flutterwave-signature", SECRET)], BODY, NOW_S)

    with pytest.raises(SignatureInvalid):
        SENDER.provider.verify(delivery, [Secret("first", SECRET)])


def test_a_refund_is_asked_about_by_its_charge() -> None:
    tree = {
        "id": "wbk_1",
        "type": "refund.completed",
        "data": {"id": "rfd_1", "charge_id": "chg_1"},
    }

    said = SENDER.provider.parse(dumped(tree), "any")

    assert said == Hearsay("refund.completed", None, Hint("chg_1"))


@pytest.mark.parametrize("type_", ["transfer.disburse", "transfer.completed", "customer.created"])
def test_payouts_are_ignored(type_: str) -> None:
    tree = {"id": "wbk_1", "type": type_, "data": {"id": "trf_1", "reference": "ORD-1"}}

    assert SENDER.provider.parse(dumped(tree), "any") == ProviderEvent(type_, "ORD-1")


def test_without_an_id_the_event_is_named_by_type_object_and_status() -> None:
    tree = {"type": "charge.completed", "data": {"id": "chg_1", "status": "failed"}}

    assert key(tree).key == "16:charge.completed5:chg_16:failed"
    assert key(tree | {"id": "wbk_1"}).key == "wbk_1"
    assert not key({"type": "charge.completed", "data": {"id": "chg_1"}}).readable


def test_a_body_without_a_type_is_refused() -> None:
    with pytest.raises(PayloadInvalid):
        SENDER.provider.parse(b'{"id":"wbk_1"}', "any")
