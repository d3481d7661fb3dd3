"""Interswitch's sending side."""

from __future__ import annotations

import hashlib
import hmac

from tests.conformance.sender import NOW_S, Request, Sale, Sender, dumped


def _payload(sale: Sale) -> bytes:
    tree = {
        "event": "TRANSACTION.COMPLETED",
        "uuid": f"ev-{sale.number}",
        "timestamp": NOW_S * 1000,
        "data": {
            "paymentId": sale.number,
            "merchantReference": sale.reference,
            "amount": sale.amount_minor,
            "currencyCode": "566",
            "responseCode": "00",
            "responseDescription": "12.50 é",
        },
    }
    return dumped(tree)


def _sign(secret: bytes, _at: bytes, payload: bytes) -> Request:
    code = hmac.new(secret, payload, hashlib.sha512).hexdigest().encode()
    return Request([(b"x-interswitch-signature", code)], payload)


SENDER = Sender(
    name="interswitch",
    secret=b"interswitch-test-0123456789abcdef",
    other_secret=b"interswitch-test-4567456789abcdef",
    payload=_payload,
    sign=_sign,
    code_header=b"x-interswitch-signature",
)
