"""Edits of a body: only what was meant is changed, to the digit."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import strict_json
from domain.editing import DIFFERENCES_MAX, Difference, EditRefused, diff, edited

BODY = (
    b'{"type":"a","data":{"amount":10.10,"big":1E+2,"lines":[{"id":1},{"id":2}],"x.y":"\\u00e9"}}'
)

texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
values = st.recursive(
    texts | st.booleans() | st.none() | st.integers(-(10**15), 10**15),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
bodies = st.dictionaries(texts, values, max_size=4)


@pytest.mark.parametrize(
    ("path", "value", "pointer", "before", "after"),
    [
        ("type", "b", "/type", '"a"', '"b"'),
        ("data.amount", 5, "/data/amount", "10.10", "5"),
        ("/data/lines/1/id", 3, "/data/lines/1/id", "2", "3"),
        ("data.lines.0", None, "/data/lines/0", None, None),
        ("/data/x.y", True, "/data/x.y", '"é"', "true"),
        ("data.new", [1], "/data/new", None, "[1]"),
    ],
)
def test_a_place_is_set_and_the_difference_names_it(
    path: str, value: object, pointer: str, before: str | None, after: str | None
) -> None:
    found = diff(BODY, edited(BODY, [(path, value)]))

    assert found[0].pointer == pointer
    if path != "data.lines.0":
        assert found == [Difference(pointer, before, after)]


def test_numbers_that_nobody_touched_stay_to_the_digit() -> None:
    body = edited(BODY, [("type", "b")])

    assert b'"amount":10.10' in body
    assert b'"big":1E+2' in body


@pytest.mark.parametrize(
    "path",
    ["data.none.id", "data.lines.2", "data.lines.-1", "data.lines.x", "type.x", "/data/amount/x"],
)
def test_a_place_that_is_not_there_is_refused(path: str) -> None:
    with pytest.raises(EditRefused, match="there is no"):
        edited(BODY, [(path, 1)])


@pytest.mark.parametrize("body", [b"", b"[]", b'{"a":1,"a":2}', b"\xff", b'{"a":NaN}'])
def test_a_body_that_can_be_read_in_two_ways_is_only_replaced_as_a_whole(body: bytes) -> None:
    with pytest.raises(EditRefused, match="whole body"):
        edited(body, [("a", 1)])
    assert diff(body, BODY) == [Difference("", None, None)]
    assert diff(body, body) == []


@given(bodies, texts.filter(lambda key: "." not in key and not key.startswith("/")), values)
def test_only_what_was_set_differs(tree: dict[str, Any], key: str, value: object) -> None:
    body = json.dumps(tree, ensure_ascii=False).encode()

    changed = edited(body, [(key, value)])

    assert strict_json.parse(changed) == {**strict_json.parse(body), key: value}
    pointer = "/" + key.replace("~", "~0").replace("/", "~1")
    for difference in diff(body, changed):
        assert difference.pointer == pointer or difference.pointer.startswith(f"{pointer}/")
    assert diff(body, body) == diff(changed, changed) == []


def test_true_is_not_one_and_null_is_not_absence() -> None:
    assert diff(b'{"a":1}', b'{"a":true}') == [Difference("/a", "1", "true")]
    assert diff(b'{"a":null}', b"{}") == [Difference("/a", "null", None)]


def test_a_body_that_differs_everywhere_is_no_edit() -> None:
    many = json.dumps({str(n): n for n in range(DIFFERENCES_MAX + 1)}).encode()

    with pytest.raises(EditRefused, match="no edit"):
        diff(b"{}", many)
