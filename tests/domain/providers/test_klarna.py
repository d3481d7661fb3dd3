from __future__ import annotations

import base64

import pytest

from domain.delivery import Delivery, Hearsay, Hint, KeyedEvent, ProviderEvent, Secret
from domain.errors import SignatureInvalid
from tests.conformance.sender import NOW_S, dumped
from tests.conformance.senders.klarna import SENDER

BODY = (
    b'{"metadata":{"event_type":"payment.request.state-change.completed","event_id":"ev-1",'
    b'"event_version":"v2","occurred_at":"2025-01-01T00:00:00Z"},"payload":'
    b'{"payment_request_id":"krn:1","state":"COMPLETED","amount":1250,"currency":"EUR"}}'
)
CODE = b"4U398ntwKG99b1btBhNqYdhwPy8jSe5mGwLd1QeC7jY="
SECRETS = [
    Secret("new", b"another-of-the-many-live-keys"),
    Secret("old", b"test-only-not-a-real-key-0001"),
]


def delivery(code: bytes, key_name: bytes = b"krn:key:1") -> Delivery:
    headers = [(b"klarna-signature", code), (b"klarna-signing-key-id", key_name)]
    return Delivery(headers, BODY, NOW_S)


def test_each_live_secret_is_tried_whatever_key_the_header_names() -> None:
    for name in (b"krn:key:1", b"", b"old"):
        verified = SENDER.provider.verify(delivery(CODE, name), SECRETS)
        assert (verified.key_id, verified.events) == ("old", (KeyedEvent("ev-1", None),))


def test_the_same_code_in_hexadecimal_is_refused() -> None:
    hexadecimal = base64.b64decode(CODE).hex().encode()

    with pytest.raises(SignatureInvalid):
        SENDER.provider.verify(delivery(hexadecimal), SECRETS)


@pytest.mark.parametrize(
    "type_",
    [
        "payment.request.state-change.completed",
        "payment.request.state-change.expired",
        "payment.transaction.state-change.captured",
        "payment.refund.completed",
        "payment.dispute.state-change.initiated",
    ],
)
def test_whatever_happens_to_a_payment_is_asked_about(type_: str) -> None:
    tree = {
        "metadata": {"event_type": type_, "event_id": "ev-1"},
        "payload": {"payment_request_id": "krn:1", "payment_reference": "ORD-1"},
    }

    said = SENDER.provider.parse(dumped(tree), "any")
    assert said == Hearsay(type_, Hint("ORD-1"), Hint("krn:1"))

    tree["payload"]["payment_transaction_id"] = "krn:2"
    said = SENDER.provider.parse(dumped(tree), "any")
    assert said == Hearsay(type_, Hint("ORD-1"), Hint("krn:2"))


@pytest.mark.parametrize("type_", ["settlement.payout.created", "settlement.report.ready"])
def test_settlements_are_ignored(type_: str) -> None:
    tree = {"metadata": {"event_type": type_, "event_id": "ev-1"}, "payload": {"amount": 1}}

    assert SENDER.provider.parse(dumped(tree), "any") == ProviderEvent(type_, None)
