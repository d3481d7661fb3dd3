from __future__ import annotations

import base64
from urllib.parse import urlencode

import pytest

from domain.delivery import Delivery, Mode, Secret
from domain.errors import PayloadInvalid, SignatureInvalid
from domain.providers.braintree import Braintree
from tests.conformance.senders.braintree import PUBLIC_KEY, code, form

SECRET = b"test-private-key"
VECTOR_CODE = "3ffffd2f307b591c46c65ac74c7eb6c02a3be7dd"
VECTOR = (
    b"PG5vdGlmaWNhdGlvbj48a2luZD50cmFuc2FjdGlvbl9zZXR0bGVkPC9raW5kPjx0aW1lc3RhbXAgdHlwZT0iZGF0ZXRp"
    b"bWUiPjIwMjUtMDEtMDFUMDA6MDA6MDBaPC90aW1lc3RhbXA+PHN1YmplY3Q+PHRyYW5zYWN0aW9uPjxpZD50eDE8L2lk"
    b"PjxhbW91bnQ+MTIuNTA8L2Ftb3VudD48c3RhdHVzPnNldHRsZWQ8L3N0YXR1cz48L3RyYW5zYWN0aW9uPjwvc3ViamVj"
    b"dD48L25vdGlmaWNhdGlvbj4=\n"
)


def account(public_key: str = PUBLIC_KEY) -> Braintree:
    return Braintree().configured({"PUBLIC_KEY": public_key}, Mode.TEST)


def verified(body: bytes, public_key: str = PUBLIC_KEY) -> str:
    delivery = Delivery([], body, 1_735_689_600)
    return account(public_key).verify(delivery, [Secret("first", SECRET)]).events[0].key


def test_the_key_is_the_hash_of_the_private_key() -> None:
    # Published: braintree_python, tests/unit/test_crypto.py.
    assert code(b"secretKey", b"hello world") == "d503d7a1a6adba1e6474e9ff2c4167f9dfdf4247"
    assert code(SECRET, VECTOR) == VECTOR_CODE
    assert len(verified(form(f"pubkey1|{VECTOR_CODE}", VECTOR), "pubkey1")) == 64


def test_a_payload_that_lost_its_last_newline_is_the_same_event() -> None:
    whole, bare = (form(f"pubkey1|{VECTOR_CODE}", each) for each in (VECTOR, VECTOR.rstrip()))

    assert verified(whole, "pubkey1") == verified(bare, "pubkey1")
    with pytest.raises(SignatureInvalid):
        verified(form(f"pubkey1|{VECTOR_CODE}", VECTOR + b"\n"), "pubkey1")


def test_of_several_codes_the_one_beside_a_key_of_ours_counts() -> None:
    both = f"{PUBLIC_KEY}|{'0' * 40}&pubkey1|{VECTOR_CODE}"

    assert verified(form(both, VECTOR), f"{PUBLIC_KEY},pubkey1")
    assert verified(form(both, VECTOR), "pubkey1")
    for ours in (PUBLIC_KEY, "pubkey", "pubkey1|"):
        with pytest.raises(SignatureInvalid):
            verified(form(both, VECTOR), ours)
    with pytest.raises(SignatureInvalid):
        Braintree().verify(Delivery([], form(both, VECTOR), 0), [Secret("first", SECRET)])


@pytest.mark.parametrize("payload", ["", "a b", "a\r\n", "PGE-", "é", "a" * 30 + "%"])
def test_a_payload_is_base64_before_anything_else(payload: str) -> None:
    signature = f"{PUBLIC_KEY}|{code(SECRET, payload.encode())}"

    with pytest.raises(SignatureInvalid):
        verified(urlencode({"bt_signature": signature, "bt_payload": payload}).encode())


def test_a_challenge_is_answered_with_its_code() -> None:
    challenge = "20f9f8ed05f77439fe955c977e4c8a53"
    answer = account(f"{PUBLIC_KEY},old_key").handshake(
        f"bt_challenge={challenge}", [Secret("first", SECRET), Secret("old", b"x" * 16)]
    )

    assert answer is not None
    assert answer.body.decode() == f"{PUBLIC_KEY}|{code(SECRET, challenge.encode())}"
    assert (answer.status, answer.content_type) == (200, b"text/plain")


@pytest.mark.parametrize(
    "query",
    [
        *("", "x=1", "bt_challenge=", f"bt_challenge={'a' * 19}", f"bt_challenge={'a' * 33}"),
        *(f"bt_challenge={'A' * 20}", f"bt_challenge={'a' * 20}%0A", f"bt_challenge={'a' * 19}="),
        *(f"bt_challenge={'a' * 20}&bt_challenge={'b' * 20}", f"bt_challenge={'g' * 20}", "é"),
    ],
)
def test_nothing_but_a_challenge_is_signed_for_strangers(query: str) -> None:
    assert account().handshake(query, [Secret("first", SECRET)]) is None
    assert account().handshake(f"bt_challenge={'a' * 20}", []) is None
    assert Braintree().handshake(f"bt_challenge={'a' * 20}", [Secret("first", SECRET)]) is None


def test_the_answer_to_a_challenge_is_no_signature_of_a_notification() -> None:
    answer = account().handshake(f"bt_challenge={'a' * 32}", [Secret("first", SECRET)])

    assert answer is not None
    with pytest.raises(SignatureInvalid):
        verified(form(answer.body.decode(), b"a" * 32))


@pytest.mark.parametrize(
    "document",
    [b"", b"<x/>", b"<notification/>", b"<notification><kind><x/></kind></notification>",
     b"<!DOCTYPE x><notification><kind>check</kind></notification>"],
)  # fmt: skip
def test_an_authentic_payload_that_cannot_be_read_is_kept_and_says_nothing(document: bytes) -> None:
    packed = base64.encodebytes(document) or b"\n"
    signed = form(f"{PUBLIC_KEY}|{code(SECRET, packed)}", packed)

    assert verified(signed)
    with pytest.raises(PayloadInvalid):
        account().parse(signed, "any")
