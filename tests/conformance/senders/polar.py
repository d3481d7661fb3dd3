"""Polar's sending side."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

from tests.conformance.sender import Request, Sale, Sender


def _payload(sale: Sale) -> bytes:
    tree = {
        "type": "order.paid",
        "timestamp": "2025-01-01T00:00:00Z",
        "data": {
            "id": f"order_{sale.number}",
            "status": "paid",
            "total_amount": sale.amount_minor,
            "currency": sale.currency.lower(),
            "checkout_id": f"checkout_{sale.number}",
            "metadata": {"reference": sale.reference},
            "customer": {"name": "12.50 é"},
        },
    }
    return json.dumps(tree, separators=(",", ":")).encode()


def _sign(secret: bytes, at: bytes, payload: bytes) -> Request:
    message_id = b"msg_" + hashlib.sha256(payload).hexdigest()[:16].encode()
    content = message_id + b"." + at + b"." + payload
    code = base64.b64encode(hmac.new(secret, content, hashlib.sha256).digest())
    return Request(
        [
            (b"webhook-id", message_id),
            (b"webhook-timestamp", at),
            (b"webhook-signature", b"v1," + code),
        ],
        payload,
    )


SENDER = Sender(
    name="polar",
    secret=b"polar_whs_0123456789abcdefghijklmnop",
    other_secret=b"polar_whs_ponmlkjihgfedcba9876543210",
    payload=_payload,
    sign=_sign,
    currency="USD",
    signs_time=True,
    code_header=b"webhook-signature",
    code_of=lambda value: value.partition(b"v1,")[2],
    separator=b" v1,",
)
