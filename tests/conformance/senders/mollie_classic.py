"""Mollie's sending side, classic: a form that names a payment, and neither order nor amount."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.conformance.sender import Request, Sale, Sender

if TYPE_CHECKING:
    from tests.conformance.sender import Change

URL = "https://payratchet.example/webhooks/mollie-classic/"


def _payload(sale: Sale) -> bytes:
    return b"id=tr_%d" % sale.number


def _sign(secret: bytes, _at: bytes, payload: bytes) -> Request:
    content_type = (b"content-type", b"application/x-www-form-urlencoded")
    return Request([content_type], payload, URL + secret.decode())


def _with_changed_code(request: Request, change: Change) -> Request:
    code = request.url.removeprefix(URL).encode()
    return replace(request, url=URL + change(code).decode("latin-1"))


SENDER = Sender(
    name="mollie-classic",
    secret=b"test-only-not-a-real-path-of-ours-0001",
    other_secret=b"live-only-not-a-real-path-of-ours-0002",
    payload=_payload,
    sign=_sign,
    currency="EUR",
    covers="nothing",
    change_code=_with_changed_code,
)
