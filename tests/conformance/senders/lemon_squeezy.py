"""Lemon Squeezy's sending side."""

from __future__ import annotations

import hashlib
import hmac

from tests.conformance.sender import Request, Sale, Sender, dumped


def _payload(sale: Sale) -> bytes:
    tree = {
        "meta": {
            "event_name": "order_created",
            "custom_data": {"reference": sale.reference},
        },
        "data": {
            "type": "orders",
            "id": str(sale.number),
            "attributes": {
                "total": sale.amount_minor,
                "currency": sale.currency,
                "status": "paid",
                "user_name": "12.50 é",
                "test_mode": True,
                "updated_at": "2025-01-01T00:00:00.000000Z",
            },
        },
    }
    return dumped(tree)


def _sign(secret: bytes, _at: bytes, payload: bytes) -> Request:
    code = hmac.new(secret, payload, hashlib.sha256).hexdigest().encode()
    return Request([(b"x-event-name", b"order_created"), (b"x-signature", code)], payload)


SENDER = Sender(
    name="lemon-squeezy",
    secret=b"lemon-squeezy-test-0123456789abcdef",
    other_secret=b"lemon-squeezy-test-4567456789abcdef",
    payload=_payload,
    sign=_sign,
    currency="USD",
    code_header=b"x-signature",
)
