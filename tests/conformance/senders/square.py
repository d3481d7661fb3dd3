"""Square's sending side."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

from tests.conformance.sender import Request, Sale, Sender

URL = b"https://pay.example.com/webhooks/square"


def _payload(sale: Sale) -> bytes:
    payment = {
        "id": f"sq_{sale.number}",
        "status": "COMPLETED",
        "amount_money": {"amount": sale.amount_minor, "currency": sale.currency},
        "reference_id": sale.reference,
        "note": "12.50 é",
    }
    tree = {
        "merchant_id": "MLEFBHHSJGVHD",
        "type": "payment.updated",
        "event_id": f"event-{sale.number}",
        "created_at": "2025-01-01T00:00:00.000Z",
        "data": {"type": "payment", "id": payment["id"], "object": {"payment": payment}},
    }
    return json.dumps(tree, separators=(",", ":")).encode()


def _sign(secret: bytes, _at: bytes, payload: bytes) -> Request:
    code = base64.b64encode(hmac.new(secret, URL + payload, hashlib.sha256).digest())
    return Request([(b"x-square-hmacsha256-signature", code)], payload, URL.decode())


SENDER = Sender(
    name="square",
    secret=b"Ibxx_5AKakO-3qeNVR61Dw",
    other_secret=b"wD16RVNeq3-OkaKA5_xxbI",
    payload=_payload,
    sign=_sign,
    currency="USD",
    code_header=b"x-square-hmacsha256-signature",
    settings={"ENDPOINT_URL": URL.decode()},
)
