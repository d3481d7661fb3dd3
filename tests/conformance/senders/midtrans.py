"""Midtrans' sending side."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.conformance.sender import Request, Sale, Sender

if TYPE_CHECKING:
    from tests.conformance.sender import Change

_CODE = re.compile(rb'(?<="signature_key":")[0-9a-f]{128}')


def _payload(sale: Sale) -> bytes:
    tree = {
        "transaction_time": "2025-01-01 07:00:00",
        "transaction_status": "settlement",
        "transaction_id": f"57d5293c-e65f-4a29-95e4-{sale.number:012}",
        "status_code": "200",
        "payment_type": "credit_card",
        "order_id": sale.reference,
        "gross_amount": f"{sale.amount_minor // 100}.{sale.amount_minor % 100:02}",
        "fraud_status": "accept",
        "currency": sale.currency,
        "custom_field1": "12.50 é",
    }
    return json.dumps(tree, separators=(",", ":")).encode()


def _sign(secret: bytes, _at: bytes, payload: bytes) -> Request:
    try:
        tree = json.loads(payload)
        text = tree["order_id"] + tree["status_code"] + tree["gross_amount"]
    except (ValueError, TypeError, KeyError):
        return Request([], payload)
    code = hashlib.sha512(text.encode() + secret).hexdigest().encode()
    return Request([], payload[:-1] + b',"signature_key":"' + code + b'"}')


def _with_changed_code(request: Request, change: Change) -> Request:
    return replace(request, body=_CODE.sub(lambda code: change(code[0]), request.body))


SENDER = Sender(
    name="midtrans",
    secret=b"SB-Mid-server-test-0123456789ab",
    other_secret=b"Mid-server-live-0123456789abcdef",
    payload=_payload,
    sign=_sign,
    currency="IDR",
    covers="fields",
    change_code=_with_changed_code,
)
