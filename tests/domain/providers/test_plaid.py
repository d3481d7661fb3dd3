from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest

from domain.delivery import (
    Delivery,
    Hearsay,
    Hint,
    KeyWanted,
    Mode,
    ProviderEvent,
    Secret,
)
from domain.errors import SignatureExpired, SignatureInvalid
from domain.providers.plaid import Plaid
from domain.signing import key_id
from tests.conformance.sender import NOW_S, Request, dumped
from tests.conformance.senders.plaid import (
    KEY_ID,
    PAIRS,
    SECRET,
    SENDER,
    base64url,
    jwk,
    token,
)

NAME = f"{key_id(SECRET.decode())}/{KEY_ID}"
VECTOR_TOKEN = (
    b"eyJhbGciOiJFUzI1NiIsImtpZCI6InRlc3Qta2lkLTEiLCJ0eXAiOiJKV1QifQ.eyJpYXQiOjE3MzU2ODk2MDAsInJlc"
    b"XVlc3RfYm9keV9zaGEyNTYiOiJjZjcxNWJlNTE2ZTQ0ZGIxM2I3OGM3NDMyY2ZhOTI4OTQ1M2IyZmYzOTUwM2M2OTI5Mz"
    b"c2YzY0NjM1N2FkNTNhIn0.zHyhx-0t5RwdP3G-BjGBvjziVWJiJDkjD1-SMYQxVleqgevmHXU_EQB0fDH3xYdw5WwG-6y"
    b"pDekUfJ6CPnbO5w"
)
VECTOR_BODY = (
    b'{\n  "webhook_type": "TRANSFER",\n  "webhook_code": "TRANSFER_EVENTS_UPDATE",\n'
    b'  "environment": "sandbox"\n}'
)
VECTOR_KEY = jwk(
    PAIRS[SECRET],
    kid="test-kid-1",
    x="CJy5pT5k98Te47QAeOXyO-iy8j1bXR8PeVom0y7dQOw",
    y="abtnw0t7JV7o7HZQVolhv3AKgAsEvD7ojcvLEU-MDK8",
)


def claims(body: bytes = SENDER.body, iat: int = NOW_S) -> dict[str, Any]:
    return {"iat": iat, "request_body_sha256": hashlib.sha256(body).hexdigest()}


def verify(code: bytes, body: bytes = SENDER.body, **changed: Any) -> str:
    keys = {NAME: json.dumps(jwk(PAIRS[SECRET], **changed)).encode()}
    delivery = Delivery([(b"plaid-verification", code)], body, NOW_S, keys=keys)
    return SENDER.provider.verify(delivery, [Secret("first", SECRET)]).key_id


def wanted(provider: Plaid, code: bytes = b"") -> KeyWanted:
    request = SENDER.request()
    headers = [(b"plaid-verification", code)] if code else request.headers
    found = provider.key_wanted(Delivery(headers, b"", NOW_S), [Secret("first", SECRET)])
    assert found is not None
    return found


def test_a_token_made_elsewhere_is_verified() -> None:
    keys = {f"{key_id(SECRET.decode())}/test-kid-1": json.dumps(VECTOR_KEY).encode()}
    delivery = Delivery([(b"plaid-verification", VECTOR_TOKEN)], VECTOR_BODY, NOW_S, keys=keys)

    (event,) = Plaid().verify(delivery, [Secret("first", SECRET)]).events

    assert event.key == f"64:{hashlib.sha256(VECTOR_BODY).hexdigest()}10:{NOW_S}"
    assert Plaid().parse(VECTOR_BODY, event.key) == Hearsay(
        "TRANSFER.TRANSFER_EVENTS_UPDATE", None, None, Mode.TEST, is_nudge=True
    )


def test_a_payment_is_asked_about_and_nothing_it_says_is_believed() -> None:
    assert SENDER.provider.parse(SENDER.body, "any") == Hearsay(
        "PAYMENT_INITIATION.PAYMENT_STATUS_UPDATE",
        Hint("ORD-1"),
        Hint("payment-id-302961"),
        Mode.TEST,
    )


@pytest.mark.parametrize("family", ["ITEM", "TRANSACTIONS", "AUTH"])
def test_what_is_about_no_payment_is_ignored(family: str) -> None:
    body = dumped({"webhook_type": family, "webhook_code": "ERROR", "environment": "production"})

    assert Plaid().parse(body, "any") == ProviderEvent(f"{family}.ERROR", None, mode=Mode.LIVE)


def test_a_token_of_another_body_is_refused() -> None:
    assert verify(token(PAIRS[SECRET], claims())) == "first"
    with pytest.raises(SignatureInvalid, match="another body"):
        verify(token(PAIRS[SECRET], claims(b"{}")))
    with pytest.raises(SignatureInvalid, match="another body"):
        verify(token(PAIRS[SECRET], claims()), SENDER.body + b" ")


@pytest.mark.parametrize("algorithm", ["none", "None", "HS256", "RS256", "ES384", "", None, 1])
def test_another_algorithm_is_refused_before_anything_is_asked(algorithm: object) -> None:
    code = token(PAIRS[SECRET], claims(), alg=algorithm)

    with pytest.raises(SignatureInvalid, match="algorithm"):
        verify(code)
    with pytest.raises(SignatureInvalid, match="algorithm"):
        wanted(Plaid(), code)


def test_a_code_made_with_the_public_key_as_a_password_is_refused() -> None:
    signed = b".".join(
        base64url(dumped(part)) for part in ({"alg": "HS256", "kid": KEY_ID}, claims())
    )
    code = hmac.digest(json.dumps(jwk(PAIRS[SECRET])).encode(), signed, "sha256")

    for token_ in (signed + b"." + base64url(code), signed + b"."):
        with pytest.raises(SignatureInvalid):
            verify(token_)


@pytest.mark.parametrize(
    "header", [{"kid": None}, {"kid": "../secrets"}, {"kid": "k" * 101}, {"crit": ["b64"]}]
)
def test_a_header_that_names_no_key_or_demands_more_is_refused(header: dict[str, Any]) -> None:
    with pytest.raises(SignatureInvalid):
        wanted(Plaid(), token(PAIRS[SECRET], claims(), **header))


def test_a_key_that_has_expired_is_refused() -> None:
    code = token(PAIRS[SECRET], claims())

    assert verify(code, expired_at=NOW_S + 1) == "first"
    with pytest.raises(SignatureInvalid, match="expired"):
        verify(code, expired_at=NOW_S)


def test_a_time_of_another_hour_is_refused_only_when_the_token_is_right() -> None:
    old = claims(iat=NOW_S - 301)

    with pytest.raises(SignatureExpired):
        verify(token(PAIRS[SECRET], old))
    with pytest.raises(SignatureInvalid):
        verify(token(PAIRS[SENDER.other_secret], old))


def test_the_same_words_at_another_time_are_another_notice() -> None:
    first, later = (SENDER.request(at=b"%d" % (NOW_S + n)) for n in (0, 1))

    assert SENDER.verify(first).events[0].key != SENDER.verify(later).events[0].key


def test_a_token_is_read_in_one_spelling() -> None:
    good = token(PAIRS[SECRET], claims())

    for wrong in (
        good + b"=",
        b" " + good,
        good.replace(b".", b"..", 1),
        good + b".x",
        b"",
        b"...",
    ):
        with pytest.raises(SignatureInvalid):
            SENDER.verify(Request([(b"plaid-verification", wrong)], SENDER.body))
