"""Columns of a batch in Postgres' own binary form, each packed in one go.

Some ten times cheaper than letting a driver find a form for every single value. The form is that of
`array_recv` in the server's source: number of dimensions, a flag for NULLs, the type of the
elements, their count and the first index; then for each element its length and its bytes, or the
length -1 for NULL.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from struct import pack
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

NULL = b"\xff\xff\xff\xff"
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
"""What Postgres counts its times from, in microseconds."""

_MICROSECOND = timedelta(microseconds=1)


class Packed:
    """A one-dimensional array, ready to be sent: `data` is its whole binary form.

    `oid` and `element_oid` are the numbers by which every Postgres knows the type.
    """

    __slots__ = ("data",)
    oid: int
    element_oid: int

    def __init__(self, count: int, elements: bytes) -> None:
        self.data = pack("!iiIii", 1, 1, self.element_oid, count, 1) + elements


class Texts(Packed):
    """A column of text. Raises UnicodeEncodeError for half a surrogate pair."""

    __slots__ = ()
    oid = 1009
    element_oid = 25

    def __init__(self, values: Sequence[str | None]) -> None:
        super().__init__(len(values), b"".join(map(_TextForms().__getitem__, values)))


class Blobs(Packed):
    """A column of bytea."""

    __slots__ = ()
    oid = 1001
    element_oid = 17

    def __init__(self, values: Sequence[bytes | None]) -> None:
        super().__init__(len(values), _joined(values))


class _Integers(Packed):
    """A column of integers of one size. Raises struct.error for one that does not fit."""

    __slots__ = ()
    size_bytes: int
    code: str

    def __init__(self, values: Sequence[int | None]) -> None:
        super().__init__(len(values), self._elements(values))

    def _elements(self, values: Sequence[int | None]) -> bytes:
        if None in values:
            form = f"!i{self.code}"
            return b"".join([NULL if v is None else pack(form, self.size_bytes, v) for v in values])
        flat: list[int | None] = [self.size_bytes] * (2 * len(values))
        flat[1::2] = values
        return pack("!" + f"i{self.code}" * len(values), *flat)


class Int8s(_Integers):
    """A column of bigint."""

    __slots__ = ()
    oid = 1016
    element_oid = 20
    size_bytes = 8
    code = "q"


class Int4s(_Integers):
    """A column of integer."""

    __slots__ = ()
    oid = 1007
    element_oid = 23
    size_bytes = 4
    code = "i"


class Int2s(_Integers):
    """A column of smallint."""

    __slots__ = ()
    oid = 1005
    element_oid = 21
    size_bytes = 2
    code = "h"


class Times(Int8s):
    """A column of timestamptz; every value knows its zone."""

    __slots__ = ()
    oid = 1185
    element_oid = 1184

    def __init__(self, values: Sequence[datetime | None]) -> None:
        seen: dict[datetime | None, int | None] = {
            v: None if v is None else (v - EPOCH) // _MICROSECOND for v in set(values)
        }
        super().__init__([seen[v] for v in values])


class _TextForms(dict[str | None, bytes]):
    """Length and bytes of each text, made once: columns repeat themselves a lot."""

    def __missing__(self, value: str | None) -> bytes:
        data = b"" if value is None else value.encode()
        form = self[value] = NULL if value is None else len(data).to_bytes(4) + data
        return form


def _joined(values: Iterable[bytes | None]) -> bytes:
    parts: list[bytes] = []
    for value in values:
        if value is None:
            parts.append(NULL)
        else:
            parts += (len(value).to_bytes(4), value)
    return b"".join(parts)
