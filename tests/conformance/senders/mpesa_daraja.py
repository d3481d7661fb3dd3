"""M-Pesa's sending side: the confirmation of a payment to a short code."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.conformance.sender import Request, Sale, Sender

if TYPE_CHECKING:
    from tests.conformance.sender import Change

URL = "https://payratchet.example/webhooks/mpesa-daraja/"


def _payload(sale: Sale) -> bytes:
    tree = {
        "TransactionType": "Pay Bill",
        "TransID": f"TLF{sale.number}",
        "TransTime": "20250101030000",
        "TransAmount": f"{sale.amount_minor // 100}.{sale.amount_minor % 100:02}",
        "BusinessShortCode": "600638",
        "BillRefNumber": sale.reference,
        "OrgAccountBalance": "49197.00",
        "MSISDN": "2547*****126",
        "FirstName": "12.50 é",
    }
    return json.dumps(tree, separators=(",", ":")).encode()


def _sign(secret: bytes, _at: bytes, payload: bytes) -> Request:
    return Request([], payload, URL + secret.decode())


def _with_changed_code(request: Request, change: Change) -> Request:
    code = request.url.removeprefix(URL).encode()
    return replace(request, url=URL + change(code).decode("latin-1"))


SENDER = Sender(
    name="mpesa-daraja",
    secret=b"test-only-not-a-real-path-of-ours-0001",
    other_secret=b"live-only-not-a-real-path-of-ours-0002",
    payload=_payload,
    sign=_sign,
    currency="KES",
    covers="nothing",
    change_code=_with_changed_code,
)
