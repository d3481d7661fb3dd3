"""PayPal's sending side."""

from __future__ import annotations

import datetime as dt
import zlib

from domain.delivery import Mode
from tests.conformance.key_pairs import certificates, rsa_pair, signed
from tests.conformance.sender import Request, Sale, Sender, dumped

CERTIFICATE_URL = "https://api.paypal.com/v1/notifications/certs/CERT-360caa42-fca2a594-a5cafa77"


def payload(sale: Sale) -> bytes:
    """Return what is posted when an order was paid."""
    whole, rest = divmod(sale.amount_minor, 100)
    return dumped(
        {
            "id": f"WH-{sale.number}-{sale.number + 1}",
            "create_time": "2025-01-01T00:00:00.000Z",
            "resource_type": "capture",
            "event_type": "PAYMENT.CAPTURE.COMPLETED",
            "summary": "Payment completed",
            "resource": {
                "id": f"CAP{sale.number}",
                "status": "COMPLETED",
                "amount": {"currency_code": sale.currency, "value": f"{whole}.{rest:02d}"},
                "invoice_id": sale.reference,
                "note_to_payer": "12.50 é",
            },
        }
    )


def sign(secret: bytes, at: bytes, body: bytes) -> Request:
    """Sign id, time, the id of the webhook (which is the secret) and the checksum of the body."""
    moment = at
    if at.isdigit() and len(at) <= 10:
        moment = f"{dt.datetime.fromtimestamp(int(at), dt.UTC):%Y-%m-%dT%H:%M:%SZ}".encode()
    content = b"11111111-2222-3333-4444-555555555555|%b|%b|%d" % (moment, secret, zlib.crc32(body))
    return Request(
        [
            (b"paypal-transmission-id", b"11111111-2222-3333-4444-555555555555"),
            (b"paypal-transmission-time", moment),
            (b"paypal-transmission-sig", signed(rsa_pair(0), content)),
            (b"paypal-cert-url", CERTIFICATE_URL.encode()),
            (b"paypal-auth-algo", b"SHA256withRSA"),
        ],
        body,
    )


SENDER = Sender(
    name="paypal",
    secret=b"4JH86294D6297924G",
    other_secret=b"0EH40505U7160970P",
    payload=payload,
    sign=sign,
    currency="USD",
    code_header=b"paypal-transmission-sig",
    mode=Mode.LIVE,
    keys={CERTIFICATE_URL: certificates().leaf},
)
