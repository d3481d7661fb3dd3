"""Fawry's sending side."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from tests.conformance.sender import Request, Sale, Sender

if TYPE_CHECKING:
    from tests.conformance.sender import Change

_CODE = re.compile(rb'(?<="messageSignature":")[0-9a-f]{64}')


def _payload(sale: Sale) -> bytes:
    amount = sale.amount_minor / 100
    tree = {
        "requestId": f"c72827d084ea4b88949d91dd{sale.number:08}",
        "fawryRefNumber": str(sale.number),
        "merchantRefNumber": sale.reference,
        "customerName": "12.50 é",
        "paymentAmount": int(amount) if amount.is_integer() else amount,
        "orderAmount": int(amount) if amount.is_integer() else amount,
        "fawryFees": 1.5,
        "orderStatus": "PAID",
        "paymentMethod": "PAYATFAWRY",
        "paymentTime": 1735689600000,
        "paymentRefrenceNumber": f"P{sale.number}",
    }
    return json.dumps(tree, separators=(",", ":")).encode()


def text(payload: bytes) -> str:
    tree = json.loads(payload, parse_float=Decimal)
    return "".join(
        (
            tree["fawryRefNumber"],
            tree["merchantRefNumber"],
            f"{Decimal(tree['paymentAmount']):.2f}",
            f"{Decimal(tree['orderAmount']):.2f}",
            tree["orderStatus"],
            tree["paymentMethod"],
            tree.get("paymentRefrenceNumber", ""),
        )
    )


def _sign(secret: bytes, _at: bytes, payload: bytes) -> Request:
    try:
        content = text(payload).encode() + secret
    except (ValueError, TypeError, KeyError, InvalidOperation):
        return Request([], payload)
    code = hashlib.sha256(content).hexdigest().encode()
    return Request([], payload[:-1] + b',"messageSignature":"' + code + b'"}')


def _with_changed_code(request: Request, change: Change) -> Request:
    return replace(request, body=_CODE.sub(lambda code: change(code[0]), request.body))


SENDER = Sender(
    name="fawry-v2",
    secret=b"259af31fc2f74453b3a55739b21ae9ef",
    other_secret=b"159af31fc2f74453b3a55739b21ae9e0",
    payload=_payload,
    sign=_sign,
    currency="EGP",
    covers="fields",
    change_code=_with_changed_code,
)
