"""Paddle Billing's sending side."""

from __future__ import annotations

import hashlib
import hmac
import json

from tests.conformance.sender import Request, Sale, Sender


def _payload(sale: Sale) -> bytes:
    tree = {
        "event_id": f"evt_{sale.number}",
        "event_type": "transaction.completed",
        "occurred_at": "2025-01-01T00:00:00.000000Z",
        "notification_id": f"ntf_{sale.number}",
        "data": {
            "id": f"txn_{sale.number}",
            "status": "completed",
            "currency_code": sale.currency,
            "custom_data": {"reference": sale.reference, "note": "12.50 é"},
            "details": {"totals": {"grand_total": str(sale.amount_minor)}},
        },
    }
    return json.dumps(tree, separators=(",", ":")).encode()


def _sign(secret: bytes, at: bytes, payload: bytes) -> Request:
    code = hmac.new(secret, at + b":" + payload, hashlib.sha256).hexdigest().encode()
    return Request([(b"paddle-signature", b"ts=" + at + b";h1=" + code)], payload)


SENDER = Sender(
    name="paddle-billing",
    secret=b"pdl_ntfset_01hbpjmytsa32fhr36nqgc3kgb_WvRO0eL4Bj9rgYYIBZY6wZhG4EHy9jzh",
    other_secret=b"pdl_ntfset_01hbpjmytsa32fhr36nqgc3kgc_hzj9yHE4GhZw6YZBIYYgr9jB4Le0ORvW",
    payload=_payload,
    sign=_sign,
    currency="EUR",
    signs_time=True,
    code_header=b"paddle-signature",
    code_of=lambda value: value.partition(b"h1=")[2],
    separator=b";h1=",
)
