"""Columns in Postgres' own form, byte for byte as `array_recv` in its source reads them."""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta, timezone

import pytest

from domain.arrays import EPOCH, Blobs, Int2s, Int4s, Int8s, Packed, Texts, Times

OIDS: dict[type[Packed], tuple[int, int]] = {
    Texts: (1009, 25),
    Blobs: (1001, 17),
    Int8s: (1016, 20),
    Int4s: (1007, 23),
    Int2s: (1005, 21),
    Times: (1185, 1184),
}
"""As they are in `pg_type.dat`: of the array, and of its elements."""


def read(packed: Packed) -> list[bytes | None]:
    """Return the elements as the server would take them apart."""
    dimensions, has_null, element_oid, count, first = struct.unpack_from("!iiIii", packed.data)
    assert (dimensions, has_null, first) == (1, 1, 1)
    assert element_oid == packed.element_oid
    found: list[bytes | None] = []
    at = 20
    for _ in range(count):
        (length,) = struct.unpack_from("!i", packed.data, at)
        at += 4
        found.append(None if length < 0 else packed.data[at : at + length])
        at += max(length, 0)
    assert at == len(packed.data)
    return found


def test_each_column_is_of_the_type_that_every_postgres_knows() -> None:
    assert {kind: (kind.oid, kind.element_oid) for kind in OIDS} == OIDS


def test_a_column_is_the_very_bytes_that_the_server_documents() -> None:
    assert Int2s([1, -1]).data == bytes.fromhex(
        "00000001 00000001 00000015 00000002 00000001 00000002 0001 00000002 ffff"
    )


def test_texts_are_utf_8_with_their_length_in_bytes_and_repeat_themselves() -> None:
    assert read(Texts(["a", "é", "", None, "a"])) == [b"a", "é".encode(), b"", None, b"a"]
    assert read(Texts(["x" * 300])) == [b"x" * 300]
    assert read(Texts([])) == []
    with pytest.raises(UnicodeEncodeError):
        Texts(["\ud800"])


def test_blobs_are_as_they_are() -> None:
    assert read(Blobs([b"\0\xff", None, b"", b"x" * 70_000])) == [
        b"\0\xff",
        None,
        b"",
        b"x" * 70_000,
    ]


@pytest.mark.parametrize(
    ("kind", "code", "most"), [(Int8s, "!q", 2**63), (Int4s, "!i", 2**31), (Int2s, "!h", 2**15)]
)
def test_integers_are_of_their_size_and_one_that_does_not_fit_is_refused(
    kind: type[Int8s | Int4s | Int2s], code: str, most: int
) -> None:
    values = [0, 1, -1, most - 1, -most]
    forms = [struct.pack(code, value) for value in values]

    assert read(kind(values)) == forms
    assert read(kind([*values, None])) == [*forms, None]
    assert read(kind([None, *values])) == [None, *forms]
    assert read(kind([])) == []
    for value in (most, -most - 1):
        with pytest.raises(struct.error):
            kind([value])


def test_times_are_microseconds_since_the_year_2000_in_any_zone() -> None:
    east = timezone(timedelta(hours=2))
    values = [
        EPOCH,
        EPOCH + timedelta(microseconds=7),
        None,
        datetime(1999, 12, 31, 23, 59, 59, tzinfo=UTC),
        datetime(2000, 1, 1, 2, tzinfo=east),
    ]
    counts = [0, 7, None, -1_000_000, 0]
    assert datetime(2000, 1, 1, tzinfo=UTC) == EPOCH
    assert read(Times(values)) == [
        None if each is None else struct.pack("!q", each) for each in counts
    ]
