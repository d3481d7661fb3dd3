"""The limits of what is read strictly: the last that is taken, and the first that is not."""

from __future__ import annotations

from decimal import Decimal

import pytest

from domain.errors import PayloadInvalid
from domain.strict_json import (
    DEPTH_MAX,
    FLOAT_CHARACTERS_MAX,
    INTEGER_CHARACTERS_MAX,
    glance,
    parse,
)


def number(text: str) -> object:
    return parse(b'{"a":' + text.encode() + b"}")["a"]


def nested(levels: int, *, last: str = "0") -> bytes:
    """Return an object that is so many levels deep, itself the first."""
    return b'{"a":' + b"[" * (levels - 1) + last.encode() + b"]" * (levels - 1) + b"}"


def test_the_limits_are_as_they_are_documented() -> None:
    assert (DEPTH_MAX, INTEGER_CHARACTERS_MAX, FLOAT_CHARACTERS_MAX) == (64, 20, 40)


def test_an_integer_has_twenty_characters_at_most_its_sign_included() -> None:
    assert number("9" * 20) == int("9" * 20)
    assert number("-" + "9" * 19) == -int("9" * 19)
    for text in ("9" * 21, "-" + "9" * 20):
        with pytest.raises(PayloadInvalid, match="an integer has 21 characters"):
            number(text)
    with pytest.raises(PayloadInvalid, match="negative zero"):
        number("-0")
    assert number("0") == 0


def test_a_fraction_has_forty_characters_at_most_and_is_exact() -> None:
    assert number("0." + "1" * 38) == Decimal("0." + "1" * 38)
    with pytest.raises(PayloadInvalid, match="a number has 41 characters"):
        number("0." + "1" * 39)
    with pytest.raises(PayloadInvalid, match="exponent beyond all use"):
        number("1e" + "9" * 30)
    assert isinstance(number("1e2"), Decimal)


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_none(text: str) -> None:
    with pytest.raises(PayloadInvalid, match=f"^{text} is not a JSON number"):
        number(text)
    with pytest.raises(PayloadInvalid):
        glance(b'{"a":' + text.encode() + b"}")


def test_sixty_four_levels_are_read_and_one_more_is_not() -> None:
    assert parse(nested(64))["a"]
    with pytest.raises(PayloadInvalid, match="more than 64 levels"):
        parse(nested(65))
    with pytest.raises(PayloadInvalid, match="more than 64 levels"):
        parse(nested(65, last='{"b":1}'))
    with pytest.raises(PayloadInvalid, match="more than 64 levels"):
        parse(nested(100_000))


def test_many_brackets_side_by_side_are_not_deep() -> None:
    flat = b'{"a":[' + b",".join([b"[]"] * 100 + [b"{}"] * 100) + b"]}"
    assert len(parse(flat)["a"]) == 200
    text = b'{"a":"' + b"[" * 200 + b'"}'
    assert parse(text)["a"] == "[" * 200


@pytest.mark.parametrize(
    "escape", ["\\u0000", "\\ud800", "\\uD800", "\\udfff", "\\uDFFF", "a\\ud83d"]
)
def test_a_nul_or_half_a_pair_is_refused_wherever_it_stands(escape: str) -> None:
    for body in (
        f'{{"a":"{escape}"}}',
        f'{{"{escape}":1}}',
        f'{{"a":[1,{{"b":["{escape}"]}}]}}',
    ):
        with pytest.raises(PayloadInvalid, match="a NUL or half a surrogate pair"):
            parse(body.encode())


def test_a_whole_pair_and_an_escaped_backslash_are_plain_text() -> None:
    assert parse(b'{"a":"\\ud83d\\ude00"}') == {"a": "\N{GRINNING FACE}"}
    assert parse(b'{"a":"\\\\u0000"}') == {"a": "\\u0000"}


def test_a_key_that_is_there_twice_is_refused_however_it_is_escaped_and_glanced_over() -> None:
    for body in (b'{"a":1,"a":1}', b'{"a":1,"\\u0061":2}', b'{"b":{"a":1,"a":2}}'):
        with pytest.raises(PayloadInvalid, match="a key is there twice"):
            parse(body)
    assert glance(b'{"a":1,"a":2}') == {"a": 2}


@pytest.mark.parametrize("body", [b"[]", b"1", b'"a"', b"null", b"true"])
def test_what_is_no_object_is_refused_by_its_kind(body: bytes) -> None:
    for read in (parse, glance):
        with pytest.raises(PayloadInvalid, match=r"the body is a JSON .*, not an object"):
            read(body)


@pytest.mark.parametrize("body", [b"", b"{", b"{}x", b"\xff{}", b"\xef\xbb\xbf{}", b"{'a':1}"])
def test_what_is_no_json_is_refused(body: bytes) -> None:
    for read in (parse, glance):
        with pytest.raises(PayloadInvalid, match="the body is not"):
            read(body)
