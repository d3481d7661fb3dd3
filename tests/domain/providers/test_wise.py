from __future__ import annotations

import json
from typing import Any

import pytest

from domain.delivery import Hearsay, Hint, ProviderEvent
from domain.errors import SignatureInvalid
from domain.providers.wise import PING, Wise
from tests.conformance.key_pairs import one_line, rsa_pair
from tests.conformance.sender import Request, Sale, dumped
from tests.conformance.senders.wise import SENDER, payload

BODY = payload(Sale(currency="EUR"))


def event(type_: str, data: dict[str, Any], **changed: Any) -> bytes:
    heading = {"subscription_id": "sub", "event_type": type_, "sent_at": "2025-01-01T00:00:01Z"}
    return dumped({"data": {"occurred_at": "2025-01-01T00:00:00Z"} | data} | heading | changed)


def key_of(body: bytes, *headers: tuple[bytes, bytes]) -> str:
    good = SENDER.request(body)
    return SENDER.verify(Request([*good.headers, *headers], body)).events[0].key


def test_money_that_came_in_by_swift_is_asked_about_by_its_transfer() -> None:
    verified = SENDER.verify(SENDER.request())

    assert verified.events[0].reference == "ORD-1"
    assert SENDER.provider.parse(BODY, verified.events[0].key) == Hearsay(
        "swift-in#credit", Hint("ORD-1"), Hint("302961")
    )


@pytest.mark.parametrize(
    ("type_", "data", "named"),
    [
        ("account-details-payment#state-change", {"transfer": {"id": 7}}, Hint("7")),
        ("incoming-transfer#credited", {"incoming_transfer_id": "in-7"}, Hint("in-7")),
        (
            "balances#update",
            {"transaction_type": "credit", "transfer_reference": "BNK-7"},
            Hint("BNK-7"),
        ),
        ("balances#credit", {"resource": {"id": 111}, "amount": 1.23}, None),
    ],
)
def test_other_arrivals_are_asked_about_by_whatever_names_the_transfer(
    type_: str, data: dict[str, Any], named: Hint | None
) -> None:
    assert Wise().parse(event(type_, data), "any") == Hearsay(type_, None, named)


@pytest.mark.parametrize(
    ("type_", "data"),
    [
        ("transfers#state-change", {"current_state": "outgoing_payment_sent"}),
        ("transfers#refund", {"resource": {"id": 7}}),
        ("transaction-disputes#update", {}),
        ("balances#update", {"transaction_type": "debit", "transfer_reference": "TRANSFER-7"}),
    ],
)
def test_money_that_goes_out_is_ignored(type_: str, data: dict[str, Any]) -> None:
    assert Wise().parse(event(type_, data), "any") == ProviderEvent(type_, None)


def test_a_ping_is_verified_and_then_ignored_whatever_it_says() -> None:
    key = key_of(BODY, (b"x-test-notification", b"true"))

    assert key != key_of(BODY)
    assert SENDER.provider.parse(BODY, key) == ProviderEvent(PING, None)
    unsigned = Request([(b"x-test-notification", b"true"), *SENDER.request().headers], BODY + b" ")
    with pytest.raises(SignatureInvalid):
        SENDER.verify(unsigned)


def test_a_retry_has_the_key_of_the_first_try() -> None:
    again = BODY.replace(b"00:00:01Z", b"00:05:00Z")

    assert again != BODY
    assert key_of(again, (b"x-delivery-id", b"another")) == key_of(BODY)


def test_two_credits_of_one_second_are_two_events() -> None:
    def credit(amount: float, balance: float, type_: str = "credit") -> str:
        data = {
            "transaction_type": type_,
            "resource": {"id": 111},
            "amount": amount,
            "post_transaction_balance_amount": balance,
        }
        return key_of(event("balances#credit", data))

    keys = {credit(1.5, 10.0), credit(1.5, 11.5), credit(2.5, 10.0), credit(1.5, 10.0, "debit")}
    assert len(keys) == 4


def test_a_key_is_the_base64_of_an_rsa_key_of_2048_bits_on_one_line() -> None:
    text = one_line(rsa_pair(0)).decode()

    assert Wise().is_secret(text)
    for wrong in (
        *("", "sk_test_0123456789abcdef0123456789", text[:-4], text + "=", text + "\n"),
        *(one_line(rsa_pair(9, 1024)).decode(), "é" * 40),
    ):
        assert not Wise().is_secret(wrong)


def test_a_signature_of_a_key_that_is_not_pinned_is_refused() -> None:
    request = SENDER.request(secret=SENDER.other_secret)

    with pytest.raises(SignatureInvalid):
        SENDER.verify(request)
    assert SENDER.verify(request, SENDER.secret, SENDER.other_secret).key_id == "key-1"


def test_a_body_without_a_subscription_is_kept_as_unreadable() -> None:
    tree = json.loads(BODY)
    del tree["subscription_id"]

    assert SENDER.verify(SENDER.request(dumped(tree))).events[0].readable is False
