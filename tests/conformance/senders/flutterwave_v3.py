"""Flutterwave's sending side, version 3."""

from __future__ import annotations

import json

from tests.conformance.sender import Request, Sale, Sender


def _payload(sale: Sale) -> bytes:
    amount = sale.amount_minor / 100
    tree = {
        "event": "charge.completed",
        "data": {
            "id": sale.number,
            "tx_ref": sale.reference,
            "flw_ref": f"FLW-{sale.number}",
            "amount": int(amount) if amount.is_integer() else amount,
            "currency": sale.currency,
            "status": "successful",
            "narration": "12.50 é",
            "created_at": "2025-01-01T00:00:00.000Z",
        },
    }
    return json.dumps(tree, separators=(",", ":")).encode()


def _sign(secret: bytes, _at: bytes, payload: bytes) -> Request:
    return Request([(b"verif-hash", secret)], payload)


SENDER = Sender(
    name="flutterwave-v3",
    secret=b"test-only-not-a-real-key-of-ours-0001",
    other_secret=b"live-only-not-a-real-key-of-ours-0002",
    payload=_payload,
    sign=_sign,
    covers="nothing",
    code_header=b"verif-hash",
)
