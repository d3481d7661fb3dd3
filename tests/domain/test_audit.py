from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from domain.audit import canonical, genesis, link

FIELDS = st.lists(st.none() | st.integers() | st.text(), max_size=6)


def test_the_canonical_form_is_what_it_has_always_been() -> None:
    """Old rows are verified by it: if this must change, it needs a new name."""
    assert canonical(["p1", -5, None, "é"]) == b"payratchet/1s2:p1i2:-5n0:s2:\xc3\xa9"


def test_a_link_covers_the_row_and_the_one_before() -> None:
    first = genesis(["p1"])

    assert first == hashlib.sha256(b"payratchet/1s2:p1").digest()
    assert link(first, [1]) == hashlib.sha256(first + b"payratchet/1i1:1").digest()


@given(FIELDS, FIELDS)
def test_different_rows_never_have_the_same_form(
    one: list[str | int | None], other: list[str | int | None]
) -> None:
    assert (canonical(one) == canonical(other)) == (one == other)


def test_a_number_a_text_of_it_nothing_and_an_empty_text_all_differ() -> None:
    rows: list[list[str | int | None]] = [[1], ["1"], [None], [""], [], ["", ""], ["s0:"]]

    assert len({canonical(row) for row in rows}) == len(rows)


@given(FIELDS, st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_the_same_row_after_another_has_another_hash(
    fields: list[str | int | None], one: bytes, other: bytes
) -> None:
    assert (link(one, fields) == link(other, fields)) == (one == other)
    assert len(link(one, fields)) == 32
