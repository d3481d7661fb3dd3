"""Mercado Pago's sending side: the code is of the address, a request id and the time.

The amount and the reference are in no notification of theirs: they are here so that it can be seen
that nothing comes of them.
"""

from __future__ import annotations

import hashlib
import hmac
import json

from tests.conformance.sender import Request, Sale, Sender

_OBJECT_ID = b"302961"


def _payload(sale: Sale) -> bytes:
    tree = {
        "id": 12345,
        "live_mode": False,
        "type": "payment",
        "action": "payment.updated",
        "date_created": "2025-01-01T00:00:00Z",
        "data": {"id": str(sale.number)},
        "external_reference": sale.reference,
        "transaction_amount": sale.amount_minor,
        "description": "12.50 é",
    }
    return json.dumps(tree, separators=(",", ":")).encode()


def sign(
    secret: bytes, at: bytes, payload: bytes, *, object_id: bytes = _OBJECT_ID, signed: bytes = b""
) -> Request:
    """Sign as for an object of that id; `signed` is how the id is spelled under the code."""
    request_id = hashlib.sha256(payload).hexdigest()[:32].encode()
    time = at + b"000"
    content = b"id:%b;request-id:%b;ts:%b;" % (signed or object_id, request_id, time)
    code = hmac.new(secret, content, hashlib.sha256).hexdigest().encode()
    return Request(
        [(b"x-signature", b"ts=%b,v1=%b" % (time, code)), (b"x-request-id", request_id)],
        payload,
        f"https://pay.example.com/webhooks/mercado-pago?data.id={object_id.decode()}&type=payment",
    )


SENDER = Sender(
    name="mercado-pago",
    secret=b"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    other_secret=b"fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210",
    payload=_payload,
    sign=sign,
    currency="BRL",
    covers="nothing",
    code_header=b"x-signature",
    code_of=lambda value: value.partition(b"v1=")[2],
    separator=b",v1=",
)
