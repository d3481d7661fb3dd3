"""Senders: how each provider signs, written from its documentation and not with our own code."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from domain.delivery import Delivery, Secret
from domain.providers import PROVIDERS

if TYPE_CHECKING:
    from collections.abc import Callable

    from domain.delivery import Provider, Verified

NOW_S = 1_735_689_600
Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True)
class Sender:
    """One provider's sending side, with a secret of its own and a body that means a success."""

    name: str
    secret: bytes
    other_secret: bytes
    signature_header: bytes
    sign: Callable[[bytes, bytes, bytes], Headers]
    body: bytes
    signs_time: bool
    signature_of: Callable[[bytes], bytes] = field(default=lambda value: value)
    """Finds the code within the header's value."""

    @property
    def provider(self) -> Provider:
        return PROVIDERS[self.name]

    def headers(
        self, body: bytes, *, at: bytes = b"%d" % NOW_S, secret: bytes | None = None
    ) -> Headers:
        return self.sign(secret or self.secret, at, body)

    def verify(self, headers: Headers, body: bytes, *secrets: bytes) -> Verified:
        known = secrets or (self.secret,)
        return self.provider.verify(
            Delivery(headers=headers, body=body, received_at_s=NOW_S),
            [Secret(f"key-{n}", value) for n, value in enumerate(known)],
        )

    def with_signature(self, body: bytes, change: Callable[[bytes], bytes]) -> Headers:
        """Return good headers in which only the code is changed."""
        headers = self.headers(body)
        return [
            (n, self._changed(v, change) if n == self.signature_header else v) for n, v in headers
        ]

    def _changed(self, value: bytes, change: Callable[[bytes], bytes]) -> bytes:
        code = self.signature_of(value)
        return value.replace(code, change(code))


def dumped(tree: Any) -> bytes:
    return json.dumps(tree, separators=(",", ":")).encode()


def _paystack(secret: bytes, _at: bytes, body: bytes) -> Headers:
    return [(b"x-paystack-signature", hmac.new(secret, body, hashlib.sha512).hexdigest().encode())]


def stripe_code(secret: bytes, at: bytes, body: bytes) -> bytes:
    return hmac.new(secret, at + b"." + body, hashlib.sha256).hexdigest().encode()


def _stripe(secret: bytes, at: bytes, body: bytes) -> Headers:
    return [(b"stripe-signature", b"t=" + at + b",v1=" + stripe_code(secret, at, body))]


def message_code(secret: bytes, message_id: bytes, at: bytes, body: bytes) -> bytes:
    key = base64.b64decode(secret.removeprefix(b"whsec_"))
    content = message_id + b"." + at + b"." + body
    return base64.b64encode(hmac.new(key, content, hashlib.sha256).digest())


def _standard_webhooks(secret: bytes, at: bytes, body: bytes) -> Headers:
    return [
        (b"webhook-id", b"msg_0001"),
        (b"webhook-timestamp", at),
        (b"webhook-signature", b"v1," + message_code(secret, b"msg_0001", at, body)),
    ]


PAYSTACK = Sender(
    name="paystack",
    secret=b"sk_test_0123456789abcdef0123456789abcdef",
    other_secret=b"sk_live_0123456789abcdef0123456789abcdef",
    signature_header=b"x-paystack-signature",
    sign=_paystack,
    body=dumped(
        {
            "event": "charge.success",
            "data": {
                "id": 302961,
                "domain": "test",
                "status": "success",
                "reference": "ORD-1",
                "amount": 125000,
                "currency": "NGN",
                "fees": 1875,
                "paid_at": "2025-01-01T00:00:00.000Z",
                "metadata": {"note": "12.50 é"},
            },
        }
    ),
    signs_time=False,
)
STRIPE = Sender(
    name="stripe",
    secret=b"whsec_test_0123456789abcdef0123456789",
    other_secret=b"whsec_live_0123456789abcdef0123456789",
    signature_header=b"stripe-signature",
    sign=_stripe,
    body=dumped(
        {
            "id": "evt_0001",
            "object": "event",
            "type": "payment_intent.succeeded",
            "livemode": False,
            "created": NOW_S,
            "data": {
                "object": {
                    "id": "pi_0001",
                    "object": "payment_intent",
                    "amount": 125000,
                    "amount_received": 125000,
                    "currency": "ngn",
                    "status": "succeeded",
                    "metadata": {"reference": "ORD-1"},
                    "description": "12.50 é",
                }
            },
        }
    ),
    signs_time=True,
    signature_of=lambda value: value.rpartition(b"v1=")[2],
)
STANDARD_WEBHOOKS = Sender(
    name="standard-webhooks",
    secret=b"whsec_" + base64.b64encode(b"a secret of thirty-two bytes, ok"),
    other_secret=b"whsec_" + base64.b64encode(b"another one of thirty-two bytes!"),
    signature_header=b"webhook-signature",
    sign=_standard_webhooks,
    body=dumped(
        {
            "type": "payment.succeeded",
            "timestamp": "2025-01-01T00:00:00Z",
            "data": {
                "id": "pay_0001",
                "reference": "ORD-1",
                "amount_minor": 125000,
                "currency": "NGN",
                "fee_minor": 1875,
                "livemode": False,
                "note": "12.50 é",
            },
        }
    ),
    signs_time=True,
    signature_of=lambda value: value.partition(b"v1,")[2],
)
SENDERS = (PAYSTACK, STRIPE, STANDARD_WEBHOOKS)
