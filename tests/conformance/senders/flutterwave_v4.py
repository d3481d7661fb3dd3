"""Flutterwave v4's sending side."""

from __future__ import annotations

import base64
import hashlib
import hmac

from tests.conformance.sender import NOW_S, Request, Sale, Sender, dumped


def _major(amount_minor: int) -> float:
    return amount_minor / 100 if amount_minor % 100 else amount_minor // 100


def _payload(sale: Sale) -> bytes:
    tree = {
        "id": f"wbk_{sale.number}",
        "type": "charge.completed",
        "timestamp": NOW_S * 1000,
        "data": {
            "id": f"chg_{sale.number}",
            "reference": sale.reference,
            "amount": _major(sale.amount_minor),
            "currency": sale.currency,
            "status": "succeeded",
            "meta": {"note": "12.50 é"},
        },
    }
    return dumped(tree)


def _sign(secret: bytes, _at: bytes, payload: bytes) -> Request:
    code = base64.b64encode(hmac.new(secret, payload, hashlib.sha256).digest())
    return Request([(b"flutterwave-signature", code)], payload)


SENDER = Sender(
    name="flutterwave-v4",
    secret=b"flutterwave-v4-test-0123456789abcdef",
    other_secret=b"flutterwave-v4-test-4567456789abcdef",
    payload=_payload,
    sign=_sign,
    code_header=b"flutterwave-signature",
)
