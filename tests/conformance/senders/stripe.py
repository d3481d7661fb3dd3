"""Stripe's sending side."""

from __future__ import annotations

import hashlib
import hmac
import json

from tests.conformance.sender import NOW_S, Request, Sale, Sender


def _payload(sale: Sale) -> bytes:
    tree = {
        "id": f"evt_{sale.number}",
        "object": "event",
        "type": "payment_intent.succeeded",
        "livemode": False,
        "created": NOW_S,
        "data": {
            "object": {
                "id": f"pi_{sale.number}",
                "object": "payment_intent",
                "amount": sale.amount_minor,
                "amount_received": sale.amount_minor,
                "currency": sale.currency.lower(),
                "status": "succeeded",
                "metadata": {"reference": sale.reference},
                "description": "12.50 é",
            }
        },
    }
    return json.dumps(tree, separators=(",", ":")).encode()


def code(secret: bytes, at: bytes, payload: bytes) -> bytes:
    return hmac.new(secret, at + b"." + payload, hashlib.sha256).hexdigest().encode()


def _sign(secret: bytes, at: bytes, payload: bytes) -> Request:
    header = b"t=" + at + b",v1=" + code(secret, at, payload)
    return Request([(b"stripe-signature", header)], payload)


SENDER = Sender(
    name="stripe",
    secret=b"whsec_test_0123456789abcdef0123456789",
    other_secret=b"whsec_live_0123456789abcdef0123456789",
    payload=_payload,
    sign=_sign,
    signs_time=True,
    code_header=b"stripe-signature",
    code_of=lambda value: value.rpartition(b"v1=")[2],
    separator=b",v1=",
)
