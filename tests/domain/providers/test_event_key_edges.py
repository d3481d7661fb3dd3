"""Event keys at their edges: the longest, the largest number, and what is no list of parts."""

from __future__ import annotations

import hashlib

import pytest

from domain.delivery import EVENT_KEY_LENGTH_MAX, KeyedEvent
from domain.providers.event_keys import at, keyed, parts_of, reference_hint, told_key

BODY = b"{}"
HASH = hashlib.sha256(BODY).hexdigest()
UNREADABLE = KeyedEvent(f"body:{HASH}", None, readable=False)


def test_a_number_of_64_bits_is_a_part_and_a_larger_one_is_not() -> None:
    for number in (0, -1, 2**64 - 1, -(2**64) + 1):
        assert keyed(BODY, [number], "p1") == KeyedEvent(str(number), "p1")
    odds: list[object] = [2**64, -(2**64), True, 1.0, None, "", "a\n", b"a", []]
    for odd in odds:
        assert keyed(BODY, [odd], "p1") == UNREADABLE
        assert keyed(BODY, ["a", odd], "p1") == UNREADABLE


def test_a_key_has_400_characters_at_most() -> None:
    assert EVENT_KEY_LENGTH_MAX == 400
    assert keyed(BODY, ["x" * 400], None).key == "x" * 400
    assert keyed(BODY, ["x" * 401], None) == UNREADABLE
    assert keyed(BODY, ["x" * 394, "y"], None) == UNREADABLE
    assert len(keyed(BODY, ["x" * 393, "y"], None).key) == 400


@pytest.mark.parametrize("begin", ["body:", "edit:"])
def test_no_part_may_begin_as_a_key_of_ours_does(begin: str) -> None:
    assert keyed(BODY, [begin], None) == UNREADABLE
    assert keyed(BODY, [f"x{begin}"], None).readable


def test_without_parts_the_body_is_the_name_and_can_be_read() -> None:
    assert keyed(BODY, [], "p1") == KeyedEvent(f"body:{HASH}", "p1")


def test_parts_are_found_again_and_what_is_no_list_of_them_has_none() -> None:
    for parts in (("a", "bc"), ("x" * 100, ":", "é"), ("1:a", "2")):
        assert parts_of(keyed(BODY, list(parts), None).key) == parts
    for key in ("", "a", "1", "1a", "1:", "2:a", "0:", "01:a", "x1:a", "1x:a", "1:ab", "1:a1"):
        assert parts_of(key) == ()
    assert parts_of("1000:" + "x" * 1_000) == ()
    assert parts_of("999:" + "x" * 999) == ("x" * 999,)


def test_the_second_of_two_bodies_under_one_key_is_told_by_the_first_name() -> None:
    assert told_key(f"evt_1#{HASH}", BODY) == "evt_1"
    assert told_key("evt_1", BODY) == "evt_1"
    assert told_key(f"evt_1#{HASH}", b"other") == f"evt_1#{HASH}"
    assert told_key(f"#{HASH}evt_1", BODY) == f"#{HASH}evt_1"


def test_a_hint_is_a_text_of_a_references_alphabet() -> None:
    assert reference_hint("aZ09._=-") == "aZ09._=-"
    assert reference_hint("x" * 100) == "x" * 100
    for odd in ("x" * 101, "", "a b", "a\n", 7, None, ["a"]):
        assert reference_hint(odd) is None


def test_a_path_ends_where_there_is_no_object() -> None:
    tree = {"a": {"b": [1]}, "c": None}
    assert at(tree, "a", "b") == [1]
    assert at(tree) == tree
    assert at(tree, "a", "b", "c") is None
    assert at(tree, "c", "d") is None
    assert at(tree, "d") is None
