"""Notifications in the shapes Mercado Pago publishes, with values of our own."""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
from typing import Any

import pytest

from domain.delivery import Delivery, Hearsay, Hint, KeyedEvent, ProviderEvent, Said, Secret
from domain.errors import RequestMalformed, SignatureInvalid
from domain.providers.mercado_pago import MercadoPago
from tests.conformance.sender import Request, dumped
from tests.conformance.senders.mercado_pago import SENDER, sign

PLAIN = Secret("first", b"test-only-not-a-real-key-0001")
CODE = b"993ed7f088b70c50abb80d7c14a82c1aa8c9e2c4f0ab4605a2a41e4364e66d2c"
ORDER = "ORD01JQ4S4KY8HWQ6NA5PXB65B3D3"


def vector(url: str = "/webhooks/mercado-pago?data.id=123456&type=payment") -> Delivery:
    return Delivery([(b"x-signature", b"ts=1735689600000,v1=" + CODE)], b"", 0, url)


def request(**changes: Any) -> Request:
    tree = {"type": "payment", "action": "payment.updated", "data": {"id": "302961"}}
    return sign(SENDER.secret, b"1735689600", dumped(tree | changes))


def heard(sent: Request) -> Said:
    """Verify it, and parse it by its key as a worker would."""
    (event,) = SENDER.verify(sent).events
    return MercadoPago().parse(sent.body, event.key)


def test_a_pair_that_is_missing_is_left_out_of_what_is_signed() -> None:
    verified = MercadoPago().verify(vector(), [PLAIN])

    assert verified.events == (KeyedEvent("6:12345613:1735689600000", None),)


@pytest.mark.parametrize(
    "query",
    ["", "?data.id=123457", "?id=123456", "?data.id=", "?data.id=123456;request-id:x"],
)
def test_another_object_is_refused(query: str) -> None:
    with pytest.raises(SignatureInvalid):
        MercadoPago().verify(vector("/webhooks/mercado-pago" + query), [PLAIN])


def test_an_object_named_twice_is_malformed() -> None:
    with pytest.raises(RequestMalformed):
        MercadoPago().verify(vector("/?data.id=123456&data.id=123456"), [PLAIN])


@pytest.mark.parametrize("request_id", [b"", b"a;ts:1735689600", b"a b", b"\xff", b"x" * 201])
def test_a_request_id_that_could_move_the_borders_is_refused(request_id: bytes) -> None:
    sent = vector()
    headers = [*sent.headers, (b"x-request-id", request_id)]

    with pytest.raises(SignatureInvalid, match="x-request-id"):
        MercadoPago().verify(dataclasses.replace(sent, headers=headers), [PLAIN])


@pytest.mark.parametrize("time", [b"1735689600", b"1735689600000"])
def test_the_time_is_in_seconds_or_milliseconds_and_never_too_old(time: bytes) -> None:
    code = hmac.new(PLAIN.value, b"ts:%b;" % time, hashlib.sha256).hexdigest().encode()
    headers = [(b"x-signature", b"ts=%b,v1=%b" % (time, code))]

    assert MercadoPago().verify(Delivery(headers, b"", 0), [PLAIN]).key_id == "first"


@pytest.mark.parametrize("time", [b"", b"173568960000", b"-1735689600", b"1e12"])
def test_any_other_time_is_refused(time: bytes) -> None:
    with pytest.raises(SignatureInvalid, match="timestamp"):
        MercadoPago().verify(Delivery([(b"x-signature", b"ts=%b,v1=00" % time)], b"", 0), [PLAIN])


def test_a_notification_is_a_question_about_the_object_that_was_signed() -> None:
    assert heard(request()) == Hearsay("payment", None, Hint("302961"))


def test_the_body_cannot_turn_the_question_to_another_object() -> None:
    said = heard(request(data={"id": "666"}, external_reference="ORD-2"))

    assert said == Hearsay("payment", None, Hint("302961"))


def test_one_code_makes_one_event_whatever_the_body_says() -> None:
    sent = request()
    bodies = [sent.body, b"", b"\xff", request(type="order").body, b"[" * 100_000]

    events = {SENDER.verify(sent.with_body(body)).events for body in bodies}

    assert len(events) == 1


def test_a_later_notification_of_the_same_payment_is_another_event() -> None:
    later = request(date_created="2025-01-02")

    assert SENDER.verify(request()).events != SENDER.verify(later).events


@pytest.mark.parametrize("signed", [ORDER, ORDER.lower()])
def test_an_id_with_letters_is_tried_as_received_and_in_small_letters(signed: str) -> None:
    body = dumped({"type": "order", "data": {"id": ORDER}})
    sent = sign(
        SENDER.secret, b"1735689600", body, object_id=ORDER.encode(), signed=signed.encode()
    )

    assert SENDER.verify(sent).events[0].key.startswith(f"29:{ORDER.lower()}32:")
    assert heard(sent) == Hearsay("order", None, Hint(ORDER))


def test_of_a_chargeback_the_payment_is_asked_about() -> None:
    sent = request(type="topic_chargebacks_wh", data={"id": "302961", "payment_id": 819})

    assert heard(sent) == Hearsay("topic_chargebacks_wh", None, Hint("819"))


@pytest.mark.parametrize(
    "type_",
    ["topic_merchant_order_wh", "subscription_preapproval", "mp-connect", "point_integration_wh"],
)
def test_what_is_about_no_payment_is_ignored(type_: str) -> None:
    assert heard(request(type=type_)) == ProviderEvent(type_, None)


def test_without_an_object_in_the_query_the_body_is_asked_about() -> None:
    said = MercadoPago().parse(dumped({"type": "payment", "data": {"id": 7}}), "1:-3:abc")

    assert said == Hearsay("payment", None, Hint("7"))
