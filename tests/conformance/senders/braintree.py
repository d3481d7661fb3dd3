"""Braintree's sending side. The payload is the XML; the form is made when it is signed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from tests.conformance.sender import Request, Sale, Sender

if TYPE_CHECKING:
    from tests.conformance.sender import Change

PUBLIC_KEY = "test_public_key_1"
_CODE = re.compile(rb"(?<=%7C)[0-9a-f]{40}")


def _payload(sale: Sale) -> bytes:
    amount = f"{sale.amount_minor // 100}.{sale.amount_minor % 100:02}"
    return f"""\
<notification>
  <timestamp type="datetime">2025-01-01T00:00:00Z</timestamp>
  <kind>transaction_settled</kind>
  <subject>
    <transaction>
      <id>tx{sale.number}</id>
      <status>settled</status>
      <type>sale</type>
      <currency-iso-code>{sale.currency}</currency-iso-code>
      <amount>{amount}</amount>
      <order-id>{sale.reference}</order-id>
      <purchase-order-number nil="true"/>
      <descriptor><name>12.50 &#233;</name></descriptor>
      <status-history type="array"/>
    </transaction>
  </subject>
</notification>
""".encode()


def code(secret: bytes, payload: bytes) -> str:
    return hmac.new(hashlib.sha1(secret).digest(), payload, hashlib.sha1).hexdigest()


def form(signature: str, payload: bytes) -> bytes:
    return urlencode({"bt_signature": signature, "bt_payload": payload.decode()}).encode()


def _sign(secret: bytes, _at: bytes, payload: bytes) -> Request:
    packed = base64.encodebytes(payload)
    signature = f"another_public_key|{'0' * 40}&{PUBLIC_KEY}|{code(secret, packed)}"
    content_type = (b"content-type", b"application/x-www-form-urlencoded")
    return Request([content_type], form(signature, packed))


def _with_changed_code(request: Request, change: Change) -> Request:
    right = _CODE.findall(request.body)[-1]
    return replace(request, body=request.body.replace(right, change(right)))


SENDER = Sender(
    name="braintree",
    secret=b"test_private_key_0123456789abcdef",
    other_secret=b"live_private_key_0123456789abcdef",
    payload=_payload,
    sign=_sign,
    currency="USD",
    covers="fields",
    change_code=_with_changed_code,
    separator=b"%%26%b%%7C" % PUBLIC_KEY.encode(),
    settings={"PUBLIC_KEY": PUBLIC_KEY},
)
