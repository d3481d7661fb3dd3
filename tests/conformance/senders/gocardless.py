"""GoCardless' sending side."""

from __future__ import annotations

import hashlib
import hmac

from tests.conformance.sender import Request, Sale, Sender, dumped


def _payload(sale: Sale) -> bytes:
    tree = {
        "events": [
            {
                "id": f"EV{sale.number}",
                "created_at": "2025-01-01T00:00:00.000Z",
                "resource_type": "payments",
                "action": "confirmed",
                "links": {"payment": f"PM{sale.number}"},
                "details": {"origin": "gocardless", "description": "12.50 é"},
                "resource_metadata": {
                    "reference": sale.reference,
                    "price": str(sale.amount_minor),
                },
            }
        ],
        "meta": {"webhook_id": f"WB{sale.number}"},
    }
    return dumped(tree)


def _sign(secret: bytes, _at: bytes, payload: bytes) -> Request:
    code = hmac.new(secret, payload, hashlib.sha256).hexdigest().encode()
    return Request([(b"webhook-signature", code)], payload)


SENDER = Sender(
    name="gocardless",
    secret=b"gocardless-test-0123456789abcdef",
    other_secret=b"gocardless-test-4567456789abcdef",
    payload=_payload,
    sign=_sign,
    currency="GBP",
    code_header=b"webhook-signature",
)
