"""PayMongo's sending side, in test mode."""

from __future__ import annotations

import hashlib
import hmac
import json

from domain.delivery import Mode
from tests.conformance.sender import NOW_S, Request, Sale, Sender


def _payload(sale: Sale) -> bytes:
    payment = {
        "id": f"pay_{sale.number}",
        "type": "payment",
        "attributes": {
            "amount": sale.amount_minor,
            "currency": sale.currency,
            "status": "paid",
            "description": "12.50 é",
            "metadata": {"reference": sale.reference},
        },
    }
    attributes = {
        "type": "payment.paid",
        "livemode": False,
        "created_at": NOW_S,
        "data": payment,
    }
    tree = {"data": {"id": f"evt_{sale.number}", "type": "event", "attributes": attributes}}
    return json.dumps(tree, separators=(",", ":")).encode()


def _sign(secret: bytes, at: bytes, payload: bytes) -> Request:
    code = hmac.new(secret, at + b"." + payload, hashlib.sha256).hexdigest().encode()
    return Request([(b"paymongo-signature", b"t=" + at + b",te=" + code + b",li=")], payload)


SENDER = Sender(
    name="paymongo",
    secret=b"whsk_0123456789abcdefghijklmn",
    other_secret=b"whsk_nmlkjihgfedcba9876543210",
    payload=_payload,
    sign=_sign,
    currency="PHP",
    signs_time=True,
    code_header=b"paymongo-signature",
    code_of=lambda value: value.partition(b"te=")[2].partition(b",")[0],
    separator=b",te=",
    settings={"MODE": "test"},
    mode=Mode.TEST,
)
