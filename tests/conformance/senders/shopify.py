"""Shopify's sending side."""

from __future__ import annotations

import base64
import hashlib
import hmac

from tests.conformance.sender import Request, Sale, Sender, dumped


def _payload(sale: Sale) -> bytes:
    tree = {
        "id": 820_982_911_946_000_000 + sale.number,
        "financial_status": "paid",
        "currency": sale.currency,
        "total_price": f"{sale.amount_minor // 100}.{sale.amount_minor % 100:02}",
        "name": f"#{sale.number}",
        "note": "12.50 é",
        "note_attributes": [{"name": "reference", "value": sale.reference}],
        "test": True,
        "updated_at": "2025-01-01T00:00:00Z",
    }
    return dumped(tree)


def _sign(secret: bytes, _at: bytes, payload: bytes) -> Request:
    code = base64.b64encode(hmac.new(secret, payload, hashlib.sha256).digest())
    return Request(
        [(b"x-shopify-topic", b"orders/paid"), (b"x-shopify-hmac-sha256", code)], payload
    )


SENDER = Sender(
    name="shopify",
    secret=b"shopify-test-0123456789abcdef",
    other_secret=b"shopify-test-4567456789abcdef",
    payload=_payload,
    sign=_sign,
    currency="USD",
    code_header=b"x-shopify-hmac-sha256",
)
