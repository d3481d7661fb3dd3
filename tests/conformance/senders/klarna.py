"""Klarna's sending side."""

from __future__ import annotations

import base64
import hashlib
import hmac

from tests.conformance.sender import Request, Sale, Sender, dumped


def _payload(sale: Sale) -> bytes:
    tree = {
        "metadata": {
            "event_type": "payment.request.state-change.completed",
            "event_id": f"ev-{sale.number}",
            "event_version": "v2",
            "occurred_at": "2025-01-01T00:00:00Z",
        },
        "payload": {
            "payment_request_id": f"krn:payment:{sale.number}",
            "payment_reference": sale.reference,
            "state": "COMPLETED",
            "amount": sale.amount_minor,
            "currency": sale.currency,
            "note": "12.50 é",
        },
    }
    return dumped(tree)


def _sign(secret: bytes, _at: bytes, payload: bytes) -> Request:
    code = base64.b64encode(hmac.new(secret, payload, hashlib.sha256).digest())
    return Request([(b"klarna-signing-key-id", b"krn:key:1"), (b"klarna-signature", code)], payload)


SENDER = Sender(
    name="klarna",
    secret=b"klarna-test-0123456789abcdef",
    other_secret=b"klarna-test-4567456789abcdef",
    payload=_payload,
    sign=_sign,
    currency="EUR",
    code_header=b"klarna-signature",
)
