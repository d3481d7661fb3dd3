"""Deliveries that can be verified only with a key that the provider has to be asked for."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from ingress import key_memory
from ingress.settings import Settings
from tests.conformance.key_pairs import certificates
from tests.conformance.senders import paypal, plaid
from tests.ingress.key_server import key_server, local_tls, says
from tests.ingress.serving import serving, until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from http.server import BaseHTTPRequestHandler
    from pathlib import Path

    from tests.conformance.sender import Request, Sender
    from tests.ingress.key_server import KeyServer
    from tests.ingress.serving import Answer, Door

SHOWN = says(200, json.dumps({"key": plaid.jwk(plaid.PAIRS[plaid.SECRET])}).encode())
UNKNOWN = says(400, b'{"error_code":"INVALID_WEBHOOK_VERIFICATION_KEY_ID"}')


@pytest.fixture
def server() -> Iterator[KeyServer]:
    with key_server() as served:
        served.behave = SHOWN
        yield served


@pytest.fixture
def plaid_door(server: KeyServer, database_url: str, redis_url: str) -> Iterator[Door]:
    environment = {
        "PLAID_WEBHOOK_SECRET": plaid.SECRET.decode(),
        "PLAID_CLIENT_ID": "0123456789abcdef01234567",
        "PLAID_MODE": "test",
        "PLAID_API_URL": f"http://127.0.0.1:{server.port}",
    }
    with serving(database_url, redis_url, environment=environment) as served:
        yield served


def now_signed(sender: Sender, body: bytes = b"") -> Request:
    return sender.request(body or None, at=b"%d" % time.time())


def post(door: Door, path: str, request: Request) -> Answer:
    headers = [(name.decode(), value.decode()) for name, value in request.headers]
    return door.post(request.body, path=path, headers=headers)


def code(answer: Answer) -> tuple[int, str]:
    said = answer.json
    return answer.status, str(said["code"] if "code" in said else said["status"])


def test_a_delivery_is_kept_once_its_key_was_shown_and_the_next_needs_no_question(
    server: KeyServer, plaid_door: Door
) -> None:
    asked: list[dict[str, str]] = []

    def behave(request: BaseHTTPRequestHandler, content: bytes) -> None:
        asked.append(json.loads(content))
        SHOWN(request, content)

    server.behave = behave
    for n in range(3):
        body = plaid.SENDER.body.replace(b"302961", b"%d" % n)
        assert code(post(plaid_door, "/webhooks/plaid", now_signed(plaid.SENDER, body))) == (
            200,
            "accepted",
        )
    assert server.asked == ["/webhook_verification_key/get"]
    assert asked == [
        {
            "client_id": "0123456789abcdef01234567",
            "secret": plaid.SECRET.decode(),
            "key_id": plaid.KEY_ID,
        }
    ]
    assert plaid_door.count("inbound_events") == 3


def test_while_the_key_cannot_be_had_the_sender_is_told_to_come_back(
    server: KeyServer, plaid_door: Door
) -> None:
    server.behave = says(500, b"")
    request = now_signed(plaid.SENDER)

    away = post(plaid_door, "/webhooks/plaid", request)

    assert code(away) == (503, "key_unavailable")
    assert away.json["retryable"] is True
    assert int(away.headers["retry-after"]) > key_memory.PAUSE_S
    assert plaid_door.count("inbound_events") == 0
    server.behave = SHOWN
    until(lambda: post(plaid_door, "/webhooks/plaid", request).status == 200)
    assert plaid_door.count("inbound_events") == 1


def test_a_key_that_the_provider_does_not_know_is_a_wrong_signature(
    server: KeyServer, plaid_door: Door
) -> None:
    server.behave = UNKNOWN

    for _ in range(3):
        answer = post(plaid_door, "/webhooks/plaid", now_signed(plaid.SENDER))
        assert code(answer) == (401, "signature_invalid")
    assert len(server.asked) == 1


def test_a_wrong_signature_is_one_with_the_right_key_too(plaid_door: Door) -> None:
    wrong = plaid.SENDER.request(at=b"%d" % time.time(), secret=plaid.OTHER_SECRET)

    assert code(post(plaid_door, "/webhooks/plaid", wrong)) == (401, "signature_invalid")


def test_a_delivery_that_names_no_key_asks_nobody(server: KeyServer, plaid_door: Door) -> None:
    answer = plaid_door.post(b"{}", path="/webhooks/plaid", headers=[])

    assert code(answer) == (401, "signature_missing")
    assert server.connections == 0


def test_a_certificate_is_fetched_and_its_chain_verified(
    tmp_path: Path, database_url: str, redis_url: str
) -> None:
    tls, authority = local_tls(tmp_path)
    with key_server(tls) as server:
        base = f"https://localhost:{server.port}"
        environment = {
            "PAYPAL_WEBHOOK_SECRET": paypal.SENDER.secret.decode(),
            "PAYPAL_API_URL": base,
        }
        url = base + paypal.CERTIFICATE_URL.removeprefix("https://api.paypal.com")
        good = paypal.SENDER.request()
        headers = [(k, url.encode() if k == b"paypal-cert-url" else v) for k, v in good.headers]
        request = type(good)(headers, good.body)
        server.behave = says(200, certificates().chain)
        with serving(
            database_url, redis_url, environment=environment, key_authorities_file=authority
        ) as door:
            assert code(post(door, "/webhooks/paypal", good)) == (401, "signature_invalid")
            assert server.connections == 0
            assert code(post(door, "/webhooks/paypal", request)) == (200, "accepted")
            assert code(post(door, "/webhooks/paypal", request)) == (200, "duplicate")
            assert len(server.asked) == 1


def test_authorities_that_are_not_there_stop_the_start(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="a file of certificates is expected"):
        Settings(
            database_url="postgresql://localhost/none",
            redis_url="redis://localhost/0",
            key_authorities_file=str(tmp_path / "nowhere.pem"),
        )
