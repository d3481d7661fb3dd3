from __future__ import annotations

from decimal import Decimal

import pytest

from domain import strict_json
from domain.errors import PayloadInvalid

REFUSED = {
    "nothing": b"",
    "a list": b"[]",
    "null": b"null",
    "a byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"a":1}'.encode("utf-16-le"),
    "UTF-32": '{"a":1}'.encode("utf-32"),
    "bytes that are not UTF-8": b'{"a":"\xff"}',
    "an overlong NUL": b'{"a":"\xc0\x80"}',
    "a raw surrogate": b'{"a":"\xed\xa0\x80"}',
    "an escaped lone surrogate": b'{"a":"\\ud800"}',
    "an escaped lone surrogate in capitals": b'{"a":"\\uDFFF"}',
    "a lone surrogate in a key": b'{"a":{"\\udc00":1}}',
    "a raw NUL": b'{"a":"\x00"}',
    "an escaped NUL": b'{"a":["\\u0000"]}',
    "an escaped NUL in a key": b'{"\\u0000":1}',
    "a raw line break in a text": b'{"a":"\n"}',
    "a key twice": b'{"a":1,"a":1}',
    "a key twice, once escaped": b'{"amount":1,"am\\u006funt":2}',
    "a key twice, deep down": b'{"a":[{"b":{"c":1,"c":2}}]}',
    "NaN": b'{"a":NaN}',
    "Infinity": b'{"a":Infinity}',
    "-Infinity": b'{"a":-Infinity}',
    "a negative zero": b'{"a":-0}',
    "an integer of 21 digits": b'{"a":' + b"1" * 21 + b"}",
    "an integer of 4301 digits": b'{"a":' + b"1" * 4301 + b"}",
    "a fraction of 41 characters": b'{"a":0.' + b"1" * 39 + b"}",
    "an exponent beyond decimals": b'{"a":1e99999999999999999999}',
    "a leading zero": b'{"a":007}',
    "a sign": b'{"a":+1}',
    "an underscore": b'{"a":1_000}',
    "a trailing comma": b'{"a":1,}',
    "a comment": b'{"a":1}//',
    "two documents": b"{}{}",
    "single quotes": b"{'a':1}",
    "lists nested 100,000 deep": b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "objects nested 65 deep": b'{"a":' * 64 + b"{}" + b"}" * 64,
    "lists nested 65 deep, with a leaf": b'{"a":' + b"[" * 64 + b"1" + b"]" * 64 + b"}",
}


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED)
def test_what_could_mean_two_things_is_refused(body: bytes) -> None:
    with pytest.raises(PayloadInvalid, match=r"\w+ \w+ \w+"):
        strict_json.parse(body)


ACCEPTED = {
    b'{"a":12.50}': {"a": Decimal("12.50")},
    b'{"a":1e400}': {"a": Decimal("1e400")},
    b'{"a":9223372036854775808}': {"a": 9223372036854775808},
    b'{"a":-9223372036854775808}': {"a": -9223372036854775808},
    b'{"a":"\\ud83d\\ude00"}': {"a": "\U0001f600"},
    b'{"a":"\\\\u0000 \\\\ud800"}': {"a": "\\u0000 \\ud800"},
    b' {"a":[{"b":1},{"b":1}]}\n': {"a": [{"b": 1}, {"b": 1}]},
}


@pytest.mark.parametrize("body", ACCEPTED)
def test_what_means_one_thing_is_read_exactly(body: bytes) -> None:
    assert strict_json.parse(body) == ACCEPTED[body]


def test_sixty_four_levels_are_read() -> None:
    deep = b"[" * 63 + b"1" + b"]" * 63

    assert list(strict_json.parse(b'{"a":' + deep + b"}")) == ["a"]
    assert list(strict_json.parse(b'{"a":' + deep + b',"b":' + deep + b"}")) == ["a", "b"]


def test_many_shallow_objects_are_not_deep() -> None:
    body = b'{"a":[' + b",".join([b'{"b":[]}'] * 1000) + b"]}"

    assert len(strict_json.parse(body)["a"]) == 1000


UNREADABLE_AT_A_GLANCE = [
    name for name in REFUSED
    if name.startswith(("nothing", "a list", "null", "a byte", "UTF", "bytes", "an overlong"))
    or name in {"NaN", "Infinity", "two documents", "an integer of 4301 digits", "single quotes"}
    or "100,000" in name or "lone surrogate" in name
]  # fmt: skip


@pytest.mark.parametrize("name", UNREADABLE_AT_A_GLANCE)
def test_a_glance_refuses_what_is_no_object_by_the_one_documented_error(name: str) -> None:
    with pytest.raises(PayloadInvalid):
        strict_json.glance(REFUSED[name])


def test_a_glance_takes_the_last_of_two_equal_keys() -> None:
    assert strict_json.glance(b'{"a":1,"\\u0061":2}') == {"a": 2}
