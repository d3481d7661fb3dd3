"""Adyen's sending side: standard webhooks, and those of platforms for whatever else is given."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

from tests.conformance.sender import Change, Request, Sale, Sender


def _payload(sale: Sale) -> bytes:
    item = {
        "pspReference": f"QFQTPCQ8HXSK{sale.number}",
        "merchantAccountCode": "TestMerchant",
        "merchantReference": sale.reference,
        "amount": {"value": sale.amount_minor, "currency": sale.currency},
        "eventCode": "AUTHORISATION",
        "eventDate": "2025-01-01T01:00:00+01:00",
        "success": "true",
        "reason": "12.50 é",
        "additionalData": {},
    }
    tree = {"live": "false", "notificationItems": [{"NotificationRequestItem": item}]}
    return dumped(tree)


def dumped(tree: Any) -> bytes:
    return json.dumps(tree, separators=(",", ":")).encode()


def _code(secret: bytes, content: bytes) -> bytes:
    key = bytes.fromhex(secret.decode())
    return base64.b64encode(hmac.new(key, content, hashlib.sha256).digest())


def _content(item: dict[str, Any]) -> str:
    parts = [
        item.get("pspReference"),
        item.get("originalReference"),
        item.get("merchantAccountCode"),
        item.get("merchantReference"),
        item["amount"]["value"],
        item["amount"]["currency"],
        item.get("eventCode"),
        item.get("success"),
    ]
    return ":".join("" if part is None else str(part) for part in parts)


def _sign(secret: bytes, _at: bytes, payload: bytes) -> Request:
    try:
        tree = json.loads(payload)
        items = [each["NotificationRequestItem"] for each in tree["notificationItems"]]
        for item in items:
            code = _code(secret, _content(item).encode())
            item.setdefault("additionalData", {})["hmacSignature"] = code.decode()
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return Request([(b"hmacsignature", _code(secret, payload))], payload)
    return Request([], dumped(tree))


def _change_code(request: Request, change: Change) -> Request:
    tree = json.loads(request.body)
    for each in tree["notificationItems"]:
        data = each["NotificationRequestItem"]["additionalData"]
        changed = change(data["hmacSignature"].encode())
        data["hmacSignature"] = changed.decode("latin-1")
    return request.with_body(dumped(tree))


SENDER = Sender(
    name="adyen",
    secret=b"44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056",
    other_secret=b"74F490DD33F7327BAECC88B2947C011FC02D014A473AAA33A8EC93E4DC069174",
    payload=_payload,
    sign=_sign,
    currency="EUR",
    covers="fields",
    change_code=_change_code,
)
