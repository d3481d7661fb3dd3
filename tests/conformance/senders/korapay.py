"""Korapay's sending side: the code is of the member `data` alone, as it stands in the body."""

from __future__ import annotations

import hashlib
import hmac
import json
from contextlib import suppress

from tests.conformance.sender import Request, Sale, Sender

_BEFORE = b'{"event":"charge.success","data":'
_AFTER = b"}"


def _payload(sale: Sale) -> bytes:
    amount = f"{sale.amount_minor // 100}.{sale.amount_minor % 100:02d}"
    data = {
        "reference": sale.reference,
        "currency": sale.currency,
        "amount": "AMOUNT",
        "fee": 18.75,
        "status": "success",
        "payment_method": "card",
        "narration": "12.50 é",
    }
    dumped = json.dumps(data, separators=(",", ":"))
    return _BEFORE + dumped.replace('"AMOUNT"', amount).encode() + _AFTER


def sign(secret: bytes, _at: bytes, payload: bytes) -> Request:
    """Sign the value that stands behind the first `"data":`, or nothing where there is none."""
    text = payload.partition(b'"data":')[2].decode(errors="replace")
    with suppress(ValueError, RecursionError):
        text = text[: json.JSONDecoder().raw_decode(text)[1]]
    data = text.encode()
    code = hmac.new(secret, data, hashlib.sha256).hexdigest().encode()
    return Request([(b"x-korapay-signature", code)], payload)


SENDER = Sender(
    name="korapay",
    secret=b"sk_test_0123456789abcdef0123456789abcdef",
    other_secret=b"sk_live_0123456789abcdef0123456789abcdef",
    payload=_payload,
    sign=sign,
    covers="fields",
    code_header=b"x-korapay-signature",
)
