"""How the simulator's own tests call it: one HTTP client, and one that shows the raw bytes."""

from __future__ import annotations

import json
import socket
import time
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import httpx

if TYPE_CHECKING:
    from tests.simulator.provider import Provider

KEY = {"authorization": "Bearer sk_test_anything"}
PATIENCE_S = 10.0


def merchant(**headers: str) -> httpx.Client:
    """Return an HTTP client; certificates, which it does not meet, take longer than most tests."""
    return httpx.Client(headers=KEY | headers, timeout=PATIENCE_S, trust_env=False, verify=False)


class Heard(NamedTuple):
    """What came over a raw connection; `error` where the system said that it broke."""

    received: bytes
    error: str = ""
    took_s: float = 0.0


class Caller:
    """Calls one simulator as a merchant's server would."""

    def __init__(self, provider: Provider, http: httpx.Client) -> None:
        self.provider = provider
        self.http = http

    def initialize(self, reference: str = "ORD-1", **changes: Any) -> httpx.Response:
        body = {"email": "ada@shop.example", "amount": 10_000, "currency": "NGN"}
        body |= {"reference": reference} | changes
        return self.paystack("POST", "/transaction/initialize", json=body)

    def verify(self, reference: str = "ORD-1") -> Any:
        return self.data("GET", f"/transaction/verify/{reference}")

    def data(self, method: str, path: str, **more: Any) -> Any:
        answer = self.paystack(method, path, **more)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    def paystack(self, method: str, path: str, **more: Any) -> httpx.Response:
        return self.http.request(method, f"{self.provider.url_paystack}{path}", **more)

    def stripe(self, method: str, path: str, *, key: str = "", **more: Any) -> httpx.Response:
        headers = {"idempotency-key": key} if key else {}
        url = f"{self.provider.url_stripe}/v1{path}"
        return self.http.request(method, url, headers=headers, **more)

    def session(self, reference: str = "ORD-1", *, key: str = "", **changes: str) -> httpx.Response:
        form = session_form(reference) | changes
        return self.stripe("POST", "/checkout/sessions", data=form, key=key)

    def raw(self, method: str, path: str, body: Any = None) -> Heard:
        """Return every byte that comes until the connection ends."""
        content = b"" if body is None else json.dumps(body).encode()
        lines = [
            f"{method} {path} HTTP/1.1",
            "host: simulator",
            f"authorization: {KEY['authorization']}",
            f"content-length: {len(content)}",
            "connection: close",
        ]
        address = urlsplit(self.provider.url)
        began_s = time.monotonic()
        received, error = b"", ""
        with socket.create_connection(
            (address.hostname or "", address.port or 0), timeout=PATIENCE_S
        ) as connection:
            connection.sendall("\r\n".join([*lines, "", ""]).encode() + content)
            try:
                while chunk := connection.recv(65_536):
                    received += chunk
            except ConnectionError as broken:
                error = type(broken).__name__
        return Heard(received, error, time.monotonic() - began_s)


def session_form(reference: str) -> dict[str, str]:
    return {
        "mode": "payment",
        "client_reference_id": reference,
        "line_items[0][price_data][currency]": "usd",
        "line_items[0][price_data][unit_amount]": "2500",
        "line_items[0][quantity]": "2",
        "payment_intent_data[metadata][reference]": reference,
        "success_url": "https://shop.example/done?session={CHECKOUT_SESSION_ID}",
    }
