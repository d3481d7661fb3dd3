"""Razorpay's sending side."""

from __future__ import annotations

import hashlib
import hmac

from tests.conformance.sender import NOW_S, Request, Sale, Sender, dumped


def _payload(sale: Sale) -> bytes:
    tree = {
        "entity": "event",
        "account_id": "acc_1",
        "event": "payment.captured",
        "contains": ["payment"],
        "payload": {
            "payment": {
                "entity": {
                    "id": f"pay_{sale.number}",
                    "entity": "payment",
                    "amount": sale.amount_minor,
                    "currency": sale.currency,
                    "status": "captured",
                    "order_id": f"order_{sale.number}",
                    "captured": True,
                    "description": "12.50 é",
                    "notes": {"reference": sale.reference},
                }
            }
        },
        "created_at": NOW_S,
    }
    return dumped(tree)


def _sign(secret: bytes, _at: bytes, payload: bytes) -> Request:
    code = hmac.new(secret, payload, hashlib.sha256).hexdigest().encode()
    return Request(
        [(b"x-razorpay-event-id", b"unsigned"), (b"x-razorpay-signature", code)], payload
    )


SENDER = Sender(
    name="razorpay",
    secret=b"razorpay-test-0123456789abcdef",
    other_secret=b"razorpay-test-4567456789abcdef",
    payload=_payload,
    sign=_sign,
    currency="INR",
    code_header=b"x-razorpay-signature",
)
