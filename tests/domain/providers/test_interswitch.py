from __future__ import annotations

from typing import Any

import pytest

from domain.delivery import Delivery, Hearsay, Hint, KeyedEvent, ProviderEvent, Secret
from tests.conformance.sender import NOW_S, dumped
from tests.conformance.senders.interswitch import SENDER

BODY = (
    b'{"event":"TRANSACTION.COMPLETED","uuid":"ev-test-1","timestamp":1735689600000,"data":'
    b'{"merchantReference":"ORD-1","amount":125000,"currencyCode":"566","responseCode":"00"}}'
)
CODE = (
    b"4ccf998d4a0a9c8e5f1e3a6da1bc7c1c5b9bc637b4ec9399a40625cea360862a"
    b"987274612457e0c731c6d9543d5afd0a04fbb91d5cc42d7be584920fcf9b3cbd"
)


def said(event: str, **data: Any) -> Hearsay | ProviderEvent:
    tree = {"event": event, "uuid": "ev-1", "data": {"merchantReference": "ORD-1"} | data}
    return SENDER.provider.parse(dumped(tree), "any")


def key(tree: dict[str, Any]) -> str:
    return SENDER.verify(SENDER.request(dumped(tree))).events[0].key


def test_a_signature_made_elsewhere_is_verified_and_the_body_is_hearsay() -> None:
    delivery = Delivery([(b"x-interswitch-signature", CODE)], BODY, NOW_S)

    (event,) = SENDER.provider.verify(
        delivery, [Secret("first", b"test-only-not-a-real-key-0001")]
    ).events

    assert event == KeyedEvent("21:TRANSACTION.COMPLETED9:ev-test-1", "ORD-1")
    assert SENDER.provider.parse(BODY, event.key) == Hearsay(
        "TRANSACTION.COMPLETED", Hint("ORD-1"), None
    )


@pytest.mark.parametrize("code", ["00", "51", None])
def test_completed_is_asked_about_whatever_code_it_brings(code: str | None) -> None:
    heard = said("TRANSACTION.COMPLETED", responseCode=code, paymentId=302_961)

    assert heard == Hearsay("TRANSACTION.COMPLETED", Hint("ORD-1"), Hint("302961"))


def test_a_transaction_that_changed_is_asked_about() -> None:
    assert said("TRANSACTION.UPDATED", paymentReference="UBA|1") == Hearsay(
        "TRANSACTION.UPDATED", Hint("ORD-1"), Hint("UBA|1")
    )


@pytest.mark.parametrize("event", ["TRANSACTION.CREATED", "SUBSCRIPTION.CREATED", "INVOICE.PAID"])
def test_what_is_no_news_of_a_payment_is_ignored(event: str) -> None:
    assert said(event) == ProviderEvent(event, "ORD-1")


def test_the_key_is_type_and_id_or_else_type_payment_and_code() -> None:
    data = {"paymentReference": "UBA|1", "responseCode": "00"}

    assert key({"event": "A", "uuid": "ev-1", "data": data}) == "1:A4:ev-1"
    assert key({"event": "B", "uuid": "ev-1", "data": data}) == "1:B4:ev-1"
    assert key({"event": "A", "data": data}) == "1:A5:UBA|12:00"
