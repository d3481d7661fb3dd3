"""Xendit's sending side, of a product that sends no `webhook-id`."""

from __future__ import annotations

import json

from tests.conformance.sender import Request, Sale, Sender


def _payload(sale: Sale) -> bytes:
    amount = sale.amount_minor / 100
    tree = {
        "event": "payment.capture",
        "business_id": "6094fa76c2fd53701b8e079c",
        "created": "2025-01-01T00:00:00.000Z",
        "data": {
            "payment_id": f"py-{sale.number}",
            "reference_id": sale.reference,
            "request_amount": int(amount) if amount.is_integer() else amount,
            "currency": sale.currency,
            "status": "SUCCEEDED",
            "description": "12.50 é",
        },
    }
    return json.dumps(tree, separators=(",", ":")).encode()


def _sign(secret: bytes, _at: bytes, payload: bytes) -> Request:
    return Request([(b"x-callback-token", secret)], payload)


SENDER = Sender(
    name="xendit",
    secret=b"test-only-not-a-real-key-of-ours-0001",
    other_secret=b"live-only-not-a-real-key-of-ours-0002",
    payload=_payload,
    sign=_sign,
    currency="IDR",
    covers="nothing",
    code_header=b"x-callback-token",
)
