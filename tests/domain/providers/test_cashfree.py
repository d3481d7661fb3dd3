"""Bodies in the shapes Cashfree publishes, with values of our own."""

from __future__ import annotations

from typing import Any

import pytest

from domain.delivery import Delivery, KeyedEvent, ProviderEvent, Secret
from domain.errors import PayloadInvalid, SignatureInvalid
from domain.facts import FactKind, FactStatus
from domain.money import Money
from domain.providers.cashfree import Cashfree
from tests.conformance.sender import NOW_S, dumped
from tests.conformance.senders.cashfree import SENDER

PLAIN = Secret("first", b"test-only-not-a-real-key-0001")
BODY = (
    b'{"data":{"order":{"order_id":"ORD-1","order_amount":12.50,"order_currency":"INR"},"payment":'
    b'{"cf_payment_id":"1107253","payment_status":"SUCCESS","payment_amount":12.50,'
    b'"payment_currency":"INR"}},"event_time":"2025-01-01T05:30:00+05:30",'
    b'"type":"PAYMENT_SUCCESS_WEBHOOK"}'
)
CODE = b"ck4Y6kIHR+W4THZMGdSD5OVS67x3ZWdlyPvjb3SbAXk="


def delivery(time: bytes = b"1735689600000", body: bytes = BODY) -> Delivery:
    return Delivery([(b"x-webhook-signature", CODE), (b"x-webhook-timestamp", time)], body, NOW_S)


def parsed(type_: str, data: dict[str, Any]) -> ProviderEvent:
    said = Cashfree().parse(dumped({"data": data, "type": type_}), "any")
    assert isinstance(said, ProviderEvent)
    return said


def refund(status: str, **changes: Any) -> dict[str, Any]:
    return {
        "cf_refund_id": 11325632,
        "cf_payment_id": 789727431,
        "order_id": "ORD-1",
        "refund_amount": 2,
        "refund_currency": "INR",
        "refund_status": status,
    } | changes


def dispute(status: str) -> dict[str, Any]:
    return {
        "dispute": {"dispute_id": "433475258", "dispute_amount": 3, "dispute_status": status},
        "order_details": {
            "order_id": "ORD-1",
            "cf_payment_id": 789727431,
            "payment_currency": "INR",
        },
    }


def test_time_and_body_are_signed_with_nothing_between_them() -> None:
    verified = Cashfree().verify(delivery(), [PLAIN])

    key = "23:PAYMENT_SUCCESS_WEBHOOK7:11072537:SUCCESS"
    assert verified.events == (KeyedEvent(key, "ORD-1"),)


@pytest.mark.parametrize(
    ("time", "body"), [(b"173568960000", b"0" + BODY), (b"1735689600000{", BODY[1:])]
)
def test_no_byte_may_move_from_the_time_into_the_body(time: bytes, body: bytes) -> None:
    with pytest.raises(SignatureInvalid):
        Cashfree().verify(delivery(time, body), [PLAIN])


def test_a_success_is_exact_in_major_units() -> None:
    said = Cashfree().parse(BODY, "any")

    assert isinstance(said, ProviderEvent)
    assert [fact.key for fact in said.facts] == [
        (FactKind.SUCCEEDED, "1107253", FactStatus.SUCCEEDED, Money("INR", 1250), None)
    ]
    assert (said.reference, said.provider_reference) == ("ORD-1", "1107253")
    with pytest.raises(PayloadInvalid):
        Cashfree().parse(BODY.replace(b"12.50", b"12.505"), "any")


@pytest.mark.parametrize(
    ("type_", "status"),
    [("PAYMENT_FAILED_WEBHOOK", "FAILED"), ("PAYMENT_USER_DROPPED_WEBHOOK", "USER_DROPPED")],
)
def test_a_payment_that_came_to_nothing_is_a_failure(type_: str, status: str) -> None:
    (fact,) = parsed(type_, {"payment": {"cf_payment_id": 7, "payment_status": status}}).facts

    assert (fact.kind, fact.object_id) == (FactKind.FAILED, "7")


@pytest.mark.parametrize(
    ("written", "status"),
    [
        ("PENDING", FactStatus.PENDING),
        ("ONHOLD", FactStatus.PENDING),
        ("SUCCESS", FactStatus.SUCCEEDED),
        ("CANCELLED", FactStatus.FAILED),
        ("FAILED", FactStatus.FAILED),
    ],
)
@pytest.mark.parametrize(
    ("type_", "about"),
    [("REFUND_STATUS_WEBHOOK", "refund"), ("AUTO_REFUND_STATUS_WEBHOOK", "auto_refund")],
)
def test_a_refund_names_its_payment(
    type_: str, about: str, written: str, status: FactStatus
) -> None:
    said = parsed(type_, {about: refund(written)})

    assert [fact.key for fact in said.facts] == [
        (FactKind.REFUND, "11325632", status, Money("INR", 200), "789727431")
    ]
    assert said.provider_reference == "789727431"
    with pytest.raises(PayloadInvalid, match="of which payment"):
        parsed(type_, {about: refund(written, cf_payment_id=None)})


@pytest.mark.parametrize(
    ("written", "status"),
    [
        ("DISPUTE_CREATED", FactStatus.OPENED),
        ("CHARGEBACK_UNDER_REVIEW", FactStatus.OPENED),
        ("CHARGEBACK_MERCHANT_WON", FactStatus.WON),
        ("PRE_ARBITRATION_MERCHANT_LOST", FactStatus.LOST),
        ("DISPUTE_MERCHANT_ACCEPTED", FactStatus.LOST),
    ],
)
@pytest.mark.parametrize("type_", ["DISPUTE_CREATED", "DISPUTE_UPDATED", "DISPUTE_CLOSED"])
def test_a_dispute_says_by_its_status_how_it_stands(
    type_: str, written: str, status: FactStatus
) -> None:
    assert [fact.key for fact in parsed(type_, dispute(written)).facts] == [
        (FactKind.DISPUTE, "433475258", status, Money("INR", 300), "789727431")
    ]


@pytest.mark.parametrize(
    ("type_", "data"),
    [
        ("DISPUTE_CREATED", dispute("RETRIEVAL_CREATED")),
        ("TRANSFER_SUCCESS", {"transfer": {"id": "t_1"}}),
        ("PAYMENT_CHARGES_WEBHOOK", {"payment": {"cf_payment_id": 7, "payment_status": "SUCCESS"}}),
    ],
)
def test_what_takes_no_money_is_ignored(type_: str, data: dict[str, Any]) -> None:
    assert parsed(type_, data).facts == ()


def test_a_body_about_none_of_these_is_named_by_itself_and_can_be_read() -> None:
    body = dumped({"data": {"transfer": {"id": "t_1"}}, "type": "TRANSFER_SUCCESS"})

    (event,) = SENDER.verify(SENDER.request(body)).events

    assert event.key.startswith("body:")
    assert event.readable


def test_the_status_is_a_part_of_the_key_and_the_unsigned_headers_are_none() -> None:
    pending, done = (
        dumped({"data": {"refund": refund(s)}, "type": "R"}) for s in ("PENDING", "OK")
    )
    request = SENDER.request(done)
    request.headers.append((b"x-idempotency-key", b"another"))

    keys = [SENDER.verify(each).events[0].key for each in (SENDER.request(pending), request)]

    assert keys == ["1:R8:113256327:PENDING", "1:R8:113256322:OK"]
