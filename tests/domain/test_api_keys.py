"""Keys of the API, and how often their clients may ask."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import api_keys, rates
from domain.rates import Rate

PREFIX, SECRET = bytes(range(8)), bytes(range(32))
PEPPER = b"a pepper that is long enough for it"


@given(st.binary(min_size=8, max_size=8), st.binary(min_size=32, max_size=32))
def test_a_key_is_found_by_its_prefix_and_holds_all_its_chance(
    prefix: bytes, secret: bytes
) -> None:
    key = api_keys.written(prefix, secret)
    assert key.startswith(f"prk_{api_keys.prefix_of(key)}_")
    assert (api_keys.written(prefix, bytes(32)) == key) == (secret == bytes(32))
    assert (api_keys.written(bytes(8), secret) == key) == (prefix == bytes(8))


@pytest.mark.parametrize(
    ("prefix", "secret"), [(b"", SECRET), (PREFIX, SECRET[1:]), (b"9" * 9, b"")]
)
def test_a_key_of_less_chance_is_not_made(prefix: bytes, secret: bytes) -> None:
    with pytest.raises(ValueError, match="random bytes"):
        api_keys.written(prefix, secret)


def test_what_is_no_key_has_no_prefix() -> None:
    key = api_keys.written(PREFIX, SECRET)
    for text in ("", "prk__", key + "a", key[:-1], key.upper(), f" {key}", f"{key}\n", key[4:]):
        assert api_keys.prefix_of(text) is None


def test_the_hash_is_of_the_whole_key_and_of_the_pepper() -> None:
    key = api_keys.written(PREFIX, SECRET)
    expected = api_keys.key_hash(PEPPER, key)
    assert len(expected) == 32
    assert expected == api_keys.key_hash(PEPPER, key)
    assert expected != api_keys.key_hash(PEPPER + b"!", key)
    assert expected != api_keys.key_hash(PEPPER, key[:-1] + "b")


def test_to_write_implies_to_read_of_the_same_family_and_nothing_else() -> None:
    assert api_keys.granted(frozenset({"payments:write"})) == {"payments:write", "payments:read"}
    assert api_keys.granted(frozenset({"credit:read"})) == {"credit:read"}


def test_a_rate_is_read_as_it_is_written() -> None:
    assert rates.parse("5/minute") == Rate(5, 60)
    assert rates.parse("1000/second") == Rate(1_000, 1)
    assert rates.parse(f"{rates.REQUESTS_MAX}/day") == Rate(rates.REQUESTS_MAX, 86_400)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5",
        "0/minute",
        "05/minute",
        "5/minutes",
        "5 / minute",
        "-1/day",
        "100001/day",
        "\u0665/day",
    ],
)
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a rate is written as"):
        rates.parse(text)
