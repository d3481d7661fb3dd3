"""Checkout.com's sending side."""

from __future__ import annotations

import hashlib
import hmac

from tests.conformance.sender import Request, Sale, Sender, dumped


def _payload(sale: Sale) -> bytes:
    tree = {
        "id": f"evt_{sale.number}",
        "type": "payment_captured",
        "version": "1.0.0",
        "created_on": "2025-01-01T00:00:00Z",
        "data": {
            "id": f"pay_{sale.number}",
            "action_id": f"act_{sale.number}",
            "reference": sale.reference,
            "amount": sale.amount_minor,
            "currency": sale.currency,
            "metadata": {"note": "12.50 é"},
        },
    }
    return dumped(tree)


def _sign(secret: bytes, _at: bytes, payload: bytes) -> Request:
    code = hmac.new(secret, payload, hashlib.sha256).hexdigest().encode()
    return Request([(b"cko-signature", code)], payload)


SENDER = Sender(
    name="checkout-com",
    secret=b"checkout-com-test-0123456789abcdef",
    other_secret=b"checkout-com-test-4567456789abcdef",
    payload=_payload,
    sign=_sign,
    currency="USD",
    code_header=b"cko-signature",
)
