"""Wise's sending side."""

from __future__ import annotations

from tests.conformance.key_pairs import one_line, rsa_pair, signed
from tests.conformance.sender import Request, Sale, Sender, dumped

PAIRS = {one_line(rsa_pair(number)): rsa_pair(number) for number in (0, 1)}
SECRET, OTHER_SECRET = PAIRS


def payload(sale: Sale) -> bytes:
    """Return what is posted when money has come in by Swift."""
    whole, rest = divmod(sale.amount_minor, 100)
    return dumped(
        {
            "data": {
                "action": {"type": "credit", "id": sale.number, "profile_id": 222},
                "resource": {
                    "id": str(sale.number + 1),
                    "uetr": "f875814b-7d44-4d1b-a499-123456789abc",
                    "reference": sale.reference,
                    "sender": {"name": "12.50 é", "account": "DE1234567891234"},
                    "settled_amount": {
                        "value": whole + rest / 100 if rest else whole,
                        "currency": sale.currency,
                    },
                },
                "occurred_at": "2025-01-01T00:00:00Z",
            },
            "subscription_id": "01234567-89ab-cdef-0123-456789abcdef",
            "event_type": "swift-in#credit",
            "schema_version": "3.0.0",
            "sent_at": "2025-01-01T00:00:01Z",
        }
    )


def sign(secret: bytes, at: bytes, body: bytes) -> Request:
    """Sign the body with the key whose public half the setting has."""
    del at
    return Request(
        [
            (b"x-signature-sha256", signed(PAIRS[secret], body)),
            (b"x-delivery-id", b"a1b2c3d4-e5f6-7890-abcd-ef1234567890"),
        ],
        body,
    )


SENDER = Sender(
    name="wise",
    secret=SECRET,
    other_secret=OTHER_SECRET,
    payload=payload,
    sign=sign,
    currency="EUR",
    code_header=b"x-signature-sha256",
)
