"""How rows become the parameters of a statement that takes them column by column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg.adapt import Dumper
from psycopg.pq import Format

from domain.arrays import Blobs, Int2s, Int4s, Int8s, Packed, Texts, Times

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from psycopg import Connection
    from psycopg.rows import TupleRow

    Column = Callable[[Sequence[Any]], Packed]

KINDS = (Blobs, Int2s, Int4s, Int8s, Texts, Times)


def pack(rows: Iterable[Sequence[Any]], kinds: Sequence[Column]) -> list[Packed]:
    """Return one packed column for each kind."""
    columns = list(zip(*rows, strict=True)) or [()] * len(kinds)
    return [kind(column) for kind, column in zip(kinds, columns, strict=True)]


def teach(connection: Connection[TupleRow]) -> None:
    """Make the connection able to send packed columns."""
    for kind in KINDS:
        connection.adapters.register_dumper(kind, _dumper(kind))


def _dumper(kind: type[Packed]) -> type[Dumper]:
    class PackedDumper(Dumper):
        format = Format.BINARY
        oid = kind.oid

        def dump(self, obj: Packed) -> bytes:
            return obj.data

    return PackedDumper
