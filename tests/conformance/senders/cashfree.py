"""Cashfree's sending side."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

from tests.conformance.sender import Request, Sale, Sender


def _payload(sale: Sale) -> bytes:
    amount = f"{sale.amount_minor // 100}.{sale.amount_minor % 100:02d}"
    tree = {
        "data": {
            "order": {"order_id": sale.reference, "order_currency": sale.currency},
            "payment": {
                "cf_payment_id": sale.number,
                "payment_status": "SUCCESS",
                "payment_amount": "AMOUNT",
                "payment_currency": sale.currency,
                "payment_message": "12.50 é",
            },
        },
        "event_time": "2025-01-01T05:30:00+05:30",
        "type": "PAYMENT_SUCCESS_WEBHOOK",
    }
    dumped = json.dumps(tree, separators=(",", ":"))
    return dumped.replace('"AMOUNT"', amount).encode()


def _sign(secret: bytes, at: bytes, payload: bytes) -> Request:
    time = at + b"000"
    code = base64.b64encode(hmac.new(secret, time + payload, hashlib.sha256).digest())
    headers = [
        (b"x-webhook-signature", code),
        (b"x-webhook-timestamp", time),
    ]
    return Request(headers, payload)


SENDER = Sender(
    name="cashfree",
    secret=b"cfsk_ma_test_0123456789abcdef0123456789abcdef_01234567",
    other_secret=b"cfsk_ma_prod_0123456789abcdef0123456789abcdef_01234567",
    payload=_payload,
    sign=_sign,
    currency="INR",
    code_header=b"x-webhook-signature",
)
