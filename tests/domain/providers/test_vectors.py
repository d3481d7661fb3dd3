from __future__ import annotations

from dataclasses import dataclass

import pytest

from domain.delivery import Delivery, KeyedEvent, Mode, Secret
from domain.facts import FactKind
from domain.money import Money
from domain.providers import PROVIDERS

PLAIN_SECRET = b"test-only-not-a-real-key-0001"


@dataclass(frozen=True)
class Vector:
    """A request whose signature was made elsewhere."""

    provider: str
    secret: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    received_at_s: int
    event: KeyedEvent


PAYSTACK = Vector(
    "paystack",
    PLAIN_SECRET,
    (
        (
            b"x-paystack-signature",
            (
                b"b53f29db093a5b1a8aed764038135898af544d583f6651534c6fbac6c5a4dceb"
                b"c13334d322025a09277e772be4a8f72bc26f8640e30e7cce434ea352989c9312"
            ),
        ),
    ),
    b'{"event":"charge.success","data":{"id":302961,"domain":"test","status":"success",'
    b'"reference":"ORD-1","amount":125000,"currency":"NGN",'
    b'"paid_at":"2025-01-01T00:00:00.000Z","channel":"card"}}',
    1_735_689_600,
    KeyedEvent("14:charge.success6:302961", "ORD-1"),
)
STRIPE = Vector(
    "stripe",
    PLAIN_SECRET,
    (
        (
            b"stripe-signature",
            b"t=1735689600,v1=6d63b61a0a5d3a24ae140000a532092a873a226d55a5eb8651b29e09ea0d922d",
        ),
    ),
    b'{"id":"evt_test_0001","object":"event","type":"payment_intent.succeeded",'
    b'"livemode":false,"created":1735689600,"data":{"object":{"id":"pi_test_0001",'
    b'"object":"payment_intent","amount":125000,"currency":"ngn","status":"succeeded",'
    b'"metadata":{"reference":"ORD-1"}}}}',
    1_735_689_600,
    KeyedEvent("evt_test_0001", "ORD-1"),
)
STANDARD_WEBHOOKS = Vector(
    "standard-webhooks",
    b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    (
        (b"webhook-id", b"msg_p5jXN8AQM9LWM0D4loKWxJek"),
        (b"webhook-timestamp", b"1614265330"),
        (b"webhook-signature", b"v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
    ),
    b'{"test": 2432232314}',
    1_614_265_330,
    KeyedEvent("msg_p5jXN8AQM9LWM0D4loKWxJek", None),
)
VECTORS = (PAYSTACK, STRIPE, STANDARD_WEBHOOKS)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.provider)
def test_a_signature_made_elsewhere_is_verified(vector: Vector) -> None:
    delivery = Delivery(vector.headers, vector.body, vector.received_at_s)

    verified = PROVIDERS[vector.provider].verify(delivery, [Secret("first", vector.secret)])

    assert verified.key_id == "first"
    assert verified.events == (vector.event,)


@pytest.mark.parametrize("vector", [PAYSTACK, STRIPE], ids=lambda vector: vector.provider)
def test_its_body_tells_of_one_success(vector: Vector) -> None:
    event = PROVIDERS[vector.provider].parse(vector.body, vector.event.key)

    assert [(fact.kind, fact.amount) for fact in event.facts] == [
        (FactKind.SUCCEEDED, Money("NGN", 125_000))
    ]
    assert event.mode is Mode.TEST
    assert event.reference == "ORD-1"


def test_a_provider_is_found_by_the_name_it_bears() -> None:
    assert {name: provider.name for name, provider in PROVIDERS.items()} == {
        "paystack": "paystack",
        "standard-webhooks": "standard-webhooks",
        "stripe": "stripe",
    }
