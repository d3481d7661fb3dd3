"""The sending side of whoever signs as Standard Webhooks describes it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

from tests.conformance.sender import Request, Sale, Sender


def _payload(sale: Sale) -> bytes:
    tree = {
        "type": "payment.succeeded",
        "timestamp": "2025-01-01T00:00:00Z",
        "data": {
            "id": f"pay_{sale.number}",
            "reference": sale.reference,
            "amount_minor": sale.amount_minor,
            "currency": sale.currency,
            "fee_minor": 1875,
            "livemode": False,
            "note": "12.50 é",
        },
    }
    return json.dumps(tree, separators=(",", ":")).encode()


def code(secret: bytes, message_id: bytes, at: bytes, payload: bytes) -> bytes:
    key = base64.b64decode(secret.removeprefix(b"whsec_"))
    content = message_id + b"." + at + b"." + payload
    return base64.b64encode(hmac.new(key, content, hashlib.sha256).digest())


def _sign(secret: bytes, at: bytes, payload: bytes) -> Request:
    message_id = b"msg_" + hashlib.sha256(payload).hexdigest()[:16].encode()
    return Request(
        [
            (b"webhook-id", message_id),
            (b"webhook-timestamp", at),
            (b"webhook-signature", b"v1," + code(secret, message_id, at, payload)),
        ],
        payload,
    )


SENDER = Sender(
    name="standard-webhooks",
    secret=b"whsec_" + base64.b64encode(b"a secret of thirty-two bytes, ok"),
    other_secret=b"whsec_" + base64.b64encode(b"another one of thirty-two bytes!"),
    payload=_payload,
    sign=_sign,
    signs_time=True,
    code_header=b"webhook-signature",
    code_of=lambda value: value.partition(b"v1,")[2],
    separator=b" v1,",
)
