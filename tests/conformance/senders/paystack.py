"""Paystack's sending side."""

from __future__ import annotations

import hashlib
import hmac
import json

from tests.conformance.sender import Request, Sale, Sender


def _payload(sale: Sale) -> bytes:
    tree = {
        "event": "charge.success",
        "data": {
            "id": sale.number,
            "domain": "test",
            "status": "success",
            "reference": sale.reference,
            "amount": sale.amount_minor,
            "currency": sale.currency,
            "fees": 1875,
            "paid_at": "2025-01-01T00:00:00.000Z",
            "metadata": {"note": "12.50 é"},
        },
    }
    return json.dumps(tree, separators=(",", ":")).encode()


def _sign(secret: bytes, _at: bytes, payload: bytes) -> Request:
    code = hmac.new(secret, payload, hashlib.sha512).hexdigest().encode()
    return Request([(b"x-paystack-signature", code)], payload)


SENDER = Sender(
    name="paystack",
    secret=b"sk_test_0123456789abcdef0123456789abcdef",
    other_secret=b"sk_live_0123456789abcdef0123456789abcdef",
    payload=_payload,
    sign=_sign,
    code_header=b"x-paystack-signature",
)
