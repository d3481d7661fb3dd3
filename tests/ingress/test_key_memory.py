from __future__ import annotations

import pytest

from domain.errors import SignatureInvalid
from ingress.errors import KeyUnavailable
from ingress.key_memory import KEYS_MAX, VERDICTS_MAX, KeyMemory, KeyName


def name(text: str) -> KeyName:
    return KeyName("plaid", "https://production.plaid.com/", text)


def test_the_key_that_was_shown_longest_ago_makes_room() -> None:
    memory = KeyMemory()
    for n in range(KEYS_MAX):
        memory.shown(name(str(n)), b"%d" % n)
    memory.shown(name("0"), b"again")

    memory.shown(name("one more"), b"new")

    assert memory.key(name("0")) == b"again"
    assert memory.key(name("1")) is None
    assert memory.key(name("2")) == b"2"


def test_names_without_a_key_are_forgotten_for_newer_ones_and_push_out_no_key() -> None:
    memory = KeyMemory()
    memory.shown(name("good"), b"a key")
    for n in range(VERDICTS_MAX + 1):
        (memory.refused if n % 2 else memory.unanswered)(name(f"n{n}"), "because")

    assert memory.key(name("good")) == b"a key"
    assert memory.key(name("n0")) is None
    with pytest.raises(SignatureInvalid, match="because"):
        memory.key(name("n1"))
    with pytest.raises(KeyUnavailable, match="because"):
        memory.key(name("n2"))


def test_a_key_of_the_same_name_from_elsewhere_is_another() -> None:
    memory = KeyMemory()
    memory.shown(name("k1"), b"a key")

    assert memory.key(name("k1")._replace(provider="paypal")) is None
    assert memory.key(name("k1")._replace(url="https://sandbox.plaid.com/")) is None


def test_a_key_that_is_shown_ends_what_was_said_before() -> None:
    memory = KeyMemory()
    memory.refused(name("k1"), "because")
    with pytest.raises(SignatureInvalid):
        memory.key(name("k1"))

    memory.shown(name("k1"), b"a key")

    assert memory.key(name("k1")) == b"a key"
