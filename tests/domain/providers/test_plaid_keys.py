from __future__ import annotations

import json

import pytest

from domain.delivery import (
    Delivery,
    KeyAnswer,
    KeyWanted,
    Mode,
    Secret,
)
from domain.errors import OutcomeUnknown, SignatureInvalid
from domain.providers.plaid import Plaid
from tests.conformance.sender import NOW_S
from tests.conformance.senders.plaid import (
    KEY_ID,
    PAIRS,
    SECRET,
    SENDER,
    jwk,
)


def wanted(provider: Plaid, code: bytes = b"") -> KeyWanted:
    request = SENDER.request()
    headers = [(b"plaid-verification", code)] if code else request.headers
    found = provider.key_wanted(Delivery(headers, b"", NOW_S), [Secret("first", SECRET)])
    assert found is not None
    return found


def test_the_key_is_asked_for_where_the_mode_says_and_with_the_newest_secret() -> None:
    settings = {"CLIENT_ID": "0123456789abcdef"}
    for mode, host in (
        (Mode.TEST, "sandbox.plaid.com"),
        (Mode.LIVE, "production.plaid.com"),
        (None, "production.plaid.com"),
    ):
        asked = wanted(Plaid().configured(settings, mode))
        assert (asked.url, asked.hosts, asked.is_local) == (
            f"https://{host}/webhook_verification_key/get",
            frozenset({host}),
            False,
        )
        assert json.loads(asked.content or b"") == {
            "client_id": "0123456789abcdef",
            "secret": SECRET.decode(),
            "key_id": KEY_ID,
        }
        assert SECRET.decode() not in repr(asked)
    local = wanted(Plaid().configured(settings | {"API_URL": "http://127.0.0.1:8123"}, Mode.TEST))
    assert (local.url, local.is_local) == (
        "http://127.0.0.1:8123/webhook_verification_key/get",
        True,
    )


def answer(status: int, tree: object) -> KeyAnswer:
    return KeyAnswer(status, json.dumps(tree).encode(), (), NOW_S)


def test_an_answer_is_a_key_or_no_such_key_or_no_answer() -> None:
    read = wanted(Plaid()).read
    key = jwk(PAIRS[SECRET])

    assert json.loads(read(answer(200, {"key": key})))["x"] == key["x"]
    with pytest.raises(SignatureInvalid):
        read(answer(400, {"error_code": "INVALID_WEBHOOK_VERIFICATION_KEY_ID"}))
    for status, tree in (
        (400, {"error_code": "INVALID_API_KEYS"}),
        (429, {"error_code": "RATE_LIMIT_EXCEEDED"}),
        (500, {}),
        (302, {"key": key}),
        (200, {}),
        (200, [key]),
        *(
            (200, {"key": key | changed})
            for changed in (
                {"kid": "another"},
                {"kty": "oct"},
                {"crv": "P-384"},
                {"alg": "HS256"},
                {"x": "AAAA"},
                {"x": key["y"]},
                {"expired_at": "1"},
            )
        ),
    ):
        with pytest.raises(OutcomeUnknown):
            read(answer(status, tree))


def test_a_key_that_was_not_fetched_proves_nothing() -> None:
    delivery = Delivery(SENDER.request().headers, SENDER.body, NOW_S)

    with pytest.raises(SignatureInvalid, match="has not been fetched"):
        SENDER.provider.verify(delivery, [Secret("first", SECRET)])
