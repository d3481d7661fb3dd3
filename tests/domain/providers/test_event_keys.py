from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.delivery import EVENT_KEY_LENGTH_MAX, KeyedEvent
from domain.providers.event_keys import at, keyed, reference_hint

BODY = b"body"
BY_HASH = "body:" + hashlib.sha256(BODY).hexdigest()
PARTS = st.lists(st.from_regex(r"[0-9a-c:]{1,6}", fullmatch=True), min_size=2, max_size=2)


@given(PARTS, PARTS)
def test_different_parts_make_different_keys(left: list[str], right: list[str]) -> None:
    same = keyed(BODY, left, None).key == keyed(BODY, right, None).key

    assert same == (left == right)


def test_one_part_is_its_own_key_and_several_are_counted() -> None:
    assert keyed(BODY, ["evt_1"], None).key == "evt_1"
    assert keyed(BODY, ["ab", "c"], None).key == "2:ab1:c"
    assert keyed(BODY, ["a", "bc"], None).key == "1:a2:bc"
    assert keyed(BODY, ["a", 7], None).key == "1:a1:7"


@pytest.mark.parametrize(
    "part",
    [
        *(None, "", True, 1.5, [], {}, "a\x00", "a\nb", "\ud800", 2**64, 10**5000),
        *("x" * (EVENT_KEY_LENGTH_MAX + 1), BY_HASH),
    ],
    ids=lambda part: type(part).__name__,
)
def test_a_part_that_is_no_id_makes_the_body_unreadable(part: object) -> None:
    assert keyed(BODY, [part], "ORD-1") == KeyedEvent(BY_HASH, None, readable=False)


def test_a_type_without_an_id_is_named_by_its_body_and_stays_readable() -> None:
    assert keyed(BODY, (), "ORD-1") == KeyedEvent(BY_HASH, "ORD-1", readable=True)


@pytest.mark.parametrize("value", ["ORD-1", "a.b_c=d-e", "x" * 100, "0"])
def test_a_reference_of_our_form_is_a_hint(value: str) -> None:
    assert reference_hint(value) == value


@pytest.mark.parametrize(
    "value", [None, "", "x" * 101, "a b", "a\n", "a/b", "é", "a'--", 7, True, ["a"], {"a": 1}]
)
def test_anything_else_is_none(value: object) -> None:
    assert reference_hint(value) is None


def test_a_path_that_leaves_the_objects_leads_nowhere() -> None:
    tree = {"a": {"b": [1], "c": None}}

    assert at(tree, "a", "b") == [1]
    for path in (("x",), ("a", "x"), ("a", "b", "x"), ("a", "c", "x"), ("a", "b", "0")):
        assert at(tree, *path) is None
    assert at("text", "a") is None
