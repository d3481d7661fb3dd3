"""Mollie's newer sending side."""

from __future__ import annotations

import hashlib
import hmac

from tests.conformance.sender import Request, Sale, Sender, dumped


def _payload(sale: Sale) -> bytes:
    tree = {
        "resource": "event",
        "id": f"event_{sale.number}",
        "type": "payment-link.paid",
        "entityId": f"pl_{sale.number}",
        "createdAt": "2025-01-01T00:00:00.0Z",
        "_embedded": {
            "entity": {
                "resource": "payment-link",
                "id": f"pl_{sale.number}",
                "mode": "test",
                "description": "12.50 é",
                "amount": {
                    "value": f"{sale.amount_minor // 100}.{sale.amount_minor % 100:02}",
                    "currency": sale.currency,
                },
                "metadata": {"reference": sale.reference},
                "reusable": False,
            }
        },
    }
    return dumped(tree)


def _sign(secret: bytes, _at: bytes, payload: bytes) -> Request:
    code = hmac.new(secret, payload, hashlib.sha256).hexdigest().encode()
    return Request([(b"x-mollie-signature", b"sha256=" + code)], payload)


SENDER = Sender(
    name="mollie-nextgen",
    secret=b"mollie-nextgen-test-0123456789abcdef",
    other_secret=b"mollie-nextgen-test-4567456789abcdef",
    payload=_payload,
    sign=_sign,
    currency="EUR",
    code_header=b"x-mollie-signature",
    code_of=lambda value: value.partition(b"=")[2],
)
