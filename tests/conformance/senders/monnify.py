"""Monnify's sending side."""

from __future__ import annotations

import hashlib
import hmac

from tests.conformance.sender import Request, Sale, Sender, dumped


def _major(amount_minor: int) -> float:
    return amount_minor / 100 if amount_minor % 100 else amount_minor // 100


def _payload(sale: Sale) -> bytes:
    tree = {
        "eventType": "SUCCESSFUL_TRANSACTION",
        "eventData": {
            "transactionReference": f"MNFY|04|20250101000000|{sale.number}",
            "paymentReference": sale.reference,
            "paidOn": "01/01/2025 12:00:00 AM",
            "paymentDescription": "12.50 é",
            "amountPaid": _major(sale.amount_minor),
            "currency": sale.currency,
            "paymentStatus": "PAID",
        },
    }
    return dumped(tree)


def _sign(secret: bytes, _at: bytes, payload: bytes) -> Request:
    code = hmac.new(secret, payload, hashlib.sha512).hexdigest().encode()
    return Request([(b"monnify-signature", code)], payload)


SENDER = Sender(
    name="monnify",
    secret=b"monnify-test-0123456789abcdef",
    other_secret=b"monnify-test-4567456789abcdef",
    payload=_payload,
    sign=_sign,
    code_header=b"monnify-signature",
)
