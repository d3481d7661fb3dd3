"""The digest: all that is on record, but for what is another in every run.

Numbers that a sequence gave, moments, and names that were drawn by chance are left out or replaced
by what they stand for, so that two runs of one story have the same digest or something is wrong.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection

    import psycopg

    Rows = dict[str, list[str]]

LEFT_OUT = {
    "alembic_version": "the schema",
    "api_keys": "made before the story begins, but for when it was used last",
    "attempts": "whoever dies has tried as well; what came of it is in the other tables",
    "claims": "looked at by itself: none may be left",
    "console_canaries": "the schema",
    "inbound_work": "looked at by itself: none may be left",
    "legal_transitions": "the schema",
    "overview_samples": "how things were at a moment",
    "worker_lives": "which processes were there",
    "provider_calls": "who calls again has called twice; the provider's books say what came of it",
}
"""Tables that are not compared, and why."""

MOMENTS = re.compile(
    r"_at$|^at$|^since$|^until$|^covered_through$|^backend_|_hash$|^hash$|_sha256$"
    r"|^attempts$|^worker$"
)
"""Columns that hold a moment, or a hash over one, which is verified by itself; and whoever it was
that tried, and how often: whoever dies has tried as well."""

NUMBERED = {
    "event_id": "event",
    "child_event_id": "event",
    "parent_event_id": "event",
    "first_id": "event",
    "payment_id": "payment",
    "about_id": "payment",
    "dead_letter_id": "letter",
    "letter_id": "letter",
}
"""Columns that hold a number, and what it is the number of."""

DRAWN = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[0-9.:+Z]*"
    r"|\b[0-9a-f]{12}-[0-9]{8}\b"
    r"|(?<=pay[-_])[0-9a-z]{16,}|(?<=rf[-_])[0-9a-z]{16,}|(?<=once:)[0-9a-f]+"
    r"|(?<=event )\d+|(?<=event:)\d+|(?<=replay )\d+|(?<=replay:)\d+|(?<=approval:)\d+"
    r"|(?<=\"replay_id\": )\d+|(?<=\"event_id\": )\d+|(?<=\"dead_letter_id\": )\d+"
    r"|(?<=reconciliation[:-])\d+|(?<=refetch-)[0-9.]+|(?<=nudge-)[0-9.]+"
    r"|(?<=dead letter )\d+|(?<=dead-letter:)\d+"
)
"""What in a text was drawn by chance or given by a sequence."""

_TABLES = """
    SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition
    ORDER BY 1
"""
_NAMES = """
    SELECT 'event', id, source || ':' || event_key FROM inbound_events
    UNION ALL SELECT 'payment', id, reference FROM payment_logs
    UNION ALL SELECT 'letter', d.id, 'letter of ' || e.source || ':' || e.event_key
              FROM dead_letters d JOIN inbound_events e ON e.id = d.event_id
"""


def taken(
    connection: psycopg.Connection[Any],
    *,
    left_out: Collection[str] = LEFT_OUT,
    forgiven: Collection[str] = (),
) -> Rows:
    """Return what is on record, the rows of each table in an order of their own.

    `forgiven` has further tables, and columns as `table.column`, that are left out.
    """
    names = {(kind, number): name for kind, number, name in connection.execute(_NAMES)}
    tables = [
        name
        for (name,) in connection.execute(_TABLES)
        if name not in left_out and name not in forgiven
    ]
    all_rows = " UNION ALL ".join(f"SELECT '{name}', to_jsonb(t) FROM {name} t" for name in tables)
    found: Rows = {name: [] for name in tables}
    for name, row in connection.execute(all_rows.encode()):
        kept = {column: row[column] for column in row if f"{name}.{column}" not in forgiven}
        found[name].append(_row(kept, names))
    return {name: sorted(rows) for name, rows in found.items()}


def differences(expected: Rows, found: Rows) -> list[str]:
    """Return the rows that are missing and those that should not be there."""
    said = []
    for table in sorted(expected.keys() | found.keys()):
        before, after = list(expected.get(table, ())), list(found.get(table, ()))
        for row in list(before):
            if row in after:
                before.remove(row)
                after.remove(row)
        said += [f"missing in {table}: {row}" for row in before]
        said += [f"too much in {table}: {row}" for row in after]
    return said


def plain(answer: object) -> str:
    """Return an answer without what is drawn by chance."""
    return DRAWN.sub("*", json.dumps(answer, sort_keys=True))


def _row(row: dict[str, Any], names: dict[tuple[str, int], str]) -> str:
    kept = {
        column: _value(column, value, names)
        for column, value in row.items()
        if value is not None and column != "id" and not MOMENTS.search(column)
    }
    return DRAWN.sub("*", json.dumps(kept, sort_keys=True))


def _value(column: str, value: Any, names: dict[tuple[str, int], str]) -> Any:
    kind = NUMBERED.get(column)
    if kind is not None:
        return names.get((kind, value), f"no {kind}")
    if column.endswith("_id") and isinstance(value, int):
        return "*"
    if isinstance(value, str) and value.startswith("\\x"):
        with_text = bytes.fromhex(value[2:]).decode(errors="replace")
        return with_text if with_text.isprintable() else value
    return value
