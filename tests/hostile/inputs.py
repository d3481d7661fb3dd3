"""Inputs: what is sent, what has to come back, and what may be left of it.

An input is bytes, because a client's library would tidy up what matters here. Whoever reads one
reads what goes over the wire.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from tests.conformance.senders import adyen, standard_webhooks, stripe
from tests.hostile.ground import BY_NAME, CANARY, PAN, SECRET, SHOP, STANDARD_SECRET, STRIPE_SECRET
from tests.ingress.serving import signature

PAYSTACK = "/webhooks/paystack"
PAYMENTS = "/v1/payments"

Sent = bytes | Callable[[int], bytes]
"""Bytes, or what makes them of the time (Unix seconds), for signatures that have one in them."""

Rows = Mapping[str, int]


EVENT: Rows = MappingProxyType({"inbound_events": 1})
TWO_EVENTS: Rows = MappingProxyType({"inbound_events": 2})
PAYMENT: Rows = MappingProxyType({"payment_logs": 1, "inbound_events": 1})
TWO_PAYMENTS: Rows = MappingProxyType({"payment_logs": 2, "inbound_events": 2})
DEBIT: Rows = MappingProxyType({"sms_transactions": 1})
TWO_DEBITS: Rows = MappingProxyType({"sms_transactions": 2})
REFUND: Rows = MappingProxyType({"refunds": 1, "sms_transactions": 1, "inbound_events": 1})
"""What is left of an input, rows by table. To ask for a payment or a refund brings an event too."""


@dataclass(frozen=True, slots=True)
class Input:
    """One input.

    `wants`   the statuses of the answers to it, in their order and parted by blanks; `400|431`
              where either will do; nothing where the connection may end without a word.
    `code`    the code of its last refusal, where it matters which.
    `by`      whether whoever sends it has proven who that is: then its key is noted as used.
    `adds`    how many rows it adds to which table; all others leave every table as it is.
    """

    name: str
    sent: Sent
    wants: str
    code: str = ""
    by: bool = False
    adds: Rows = field(default_factory=dict)

    def bytes_at(self, now_s: int) -> bytes:
        """Return what is sent at this time."""
        return self.sent if isinstance(self.sent, bytes) else self.sent(now_s)


Headers = tuple[tuple[bytes, bytes], ...]


def request(
    method: str,
    target: str | bytes,
    headers: Headers = (),
    body: bytes = b"",
    *,
    host: bytes | None = b"pay.example",
    version: bytes = b"HTTP/1.1",
) -> bytes:
    """Write a request. What a proxy or a browser may add carries the canary."""
    path = target if isinstance(target, bytes) else target.encode()
    lines = [method.encode() + b" " + path + b" " + version]
    if host is not None:
        lines.append(b"Host: " + host)
    lines += [name + b": " + value for name, value in headers]
    lines += [b"Cookie: session=" + CANARY.encode(), b"X-Card: " + PAN.encode()]
    names = {name.lower() for name, _ in headers}
    if body and not names & {b"content-length", b"transfer-encoding"}:
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def post(body: bytes, *headers: tuple[bytes, bytes], path: str = PAYSTACK, **how: Any) -> bytes:
    """Write a POST with these headers and no signature but theirs."""
    return request("POST", path, headers, body, **how)


def signed(
    body: bytes, *headers: tuple[bytes, bytes], secret: str = SECRET, path: str = PAYSTACK
) -> bytes:
    """Write a delivery as Paystack signs it."""
    return post(body, (b"X-Paystack-Signature", code(body, secret)), *headers, path=path)


def code(body: bytes, secret: str = SECRET) -> bytes:
    """Return Paystack's signature."""
    return signature(body, secret).encode()


def by_stripe(body: bytes, at: bytes, header: bytes | None = None) -> bytes:
    """Write a delivery as Stripe signs it, or with another header in the place of its own."""
    made = b"t=" + at + b",v1=" + stripe.code(STRIPE_SECRET.encode(), at, body)
    given = made if header is None else header
    return post(body, (b"Stripe-Signature", given), path="/webhooks/stripe")


def by_standard(body: bytes, at: bytes, message_id: bytes, value: bytes | None = None) -> bytes:
    """Write a delivery as Standard Webhooks describes it, or with another signature."""
    made = b"v1," + standard_webhooks.code(STANDARD_SECRET.encode(), message_id, at, body)
    return post(
        body,
        (b"webhook-id", message_id),
        (b"webhook-timestamp", at),
        (b"webhook-signature", made if value is None else value),
        path="/webhooks/standard-webhooks",
    )


def by_adyen(body: bytes | None = None) -> bytes:
    """Write a delivery of Adyen, whose signature stands in its body; another body if given."""
    good = adyen.SENDER.request()
    return post(good.body if body is None else body, *good.headers, path="/webhooks/adyen")


def by_mpesa(path: str, body: bytes | None = None) -> bytes:
    """Write a delivery of a source that signs nothing."""
    good = BY_NAME["mpesa-daraja"].request()
    return post(good.body if body is None else body, *good.headers, path=path)


def api(
    method: str,
    path: str | bytes,
    body: Any = None,
    *headers: tuple[bytes, bytes],
    key: str = SHOP,
) -> bytes:
    """Write a request of a client of the API; bytes are sent as they are."""
    given = ((b"Authorization", b"Bearer " + key.encode()), *headers)
    if body is None:
        return request(method, path, given)
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    if not any(name.lower() == b"content-type" for name, _ in given):
        given = (*given, (b"Content-Type", b"application/json"))
    return request(method, path, given, sent)


def asked(**changes: Any) -> dict[str, Any]:
    """Return what asks for a payment; a change to None leaves a field out."""
    body = {
        "provider": "paystack",
        "amount_minor": 5_000,
        "currency": "NGN",
        "customer_id": "customer-1",
        "email": "someone@example.com",
    } | changes
    return {name: value for name, value in body.items() if value is not None}


def charge(reference: str = "nobody-1", number: Any = 1, /, **changes: Any) -> bytes:
    """Return the body of a success as Paystack tells it."""
    data = {
        "id": number,
        "domain": "test",
        "status": "success",
        "reference": reference,
        "amount": 10_000,
        "currency": "NGN",
        "paid_at": "2026-01-01T00:00:00.000Z",
    } | changes
    return json.dumps({"event": "charge.success", "data": data}).encode()


def stripe_event(number: int) -> bytes:
    """Return the body of an event of Stripe."""
    tree = {"id": f"evt_{number}", "type": "charge.updated", "data": {"object": {"id": "ch_1"}}}
    return json.dumps(tree).encode()
