"""Bounds: partitions ahead and behind, and tables that must not grow for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import sql

if TYPE_CHECKING:
    from datetime import datetime

    from workers.database import Transaction

REFUSALS_KEPT_MAX = 10_000
"""Refused requests that are kept; older ones go first."""


def now(tx: Transaction) -> datetime:
    """Return the transaction's time by the clock that decides: that of Postgres."""
    row = tx.execute("SELECT now()").fetchone()
    assert row is not None  # noqa: S101 - now() always returns a row
    at: datetime = row[0]
    return at


def ensure_partitions(tx: Transaction, months_ahead: int) -> None:
    """Make the partitions of this month and the next ones, where they are missing."""
    tx.execute("SELECT pg_advisory_xact_lock(hashtextextended('payratchet partitions', 0))")
    tx.execute("SELECT ensure_inbound_partitions(%s)", (months_ahead,))


_TRIM = """
    DELETE FROM refused_requests WHERE id <= (
        SELECT id FROM refused_requests ORDER BY id DESC OFFSET %s LIMIT 1)
"""


def trim_refusals(tx: Transaction) -> int:
    """Keep the newest refused requests only; return how many went."""
    return tx.execute(_TRIM, (REFUSALS_KEPT_MAX,)).rowcount


_OLD = """
    SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'inbound_events'::regclass
      AND to_date(right(c.relname, 7), 'YYYY_MM') + interval '1 month'
          < now() - make_interval(days => %s)
    ORDER BY c.relname
"""

_NEEDED = """
    SELECT EXISTS (SELECT 1 FROM {partition} e JOIN inbound_work w ON w.event_id = e.id)
        OR EXISTS (SELECT 1 FROM {partition} e JOIN dead_letters d ON d.event_id = e.id
                   WHERE d.status IN ('open', 'replaying'))
        OR EXISTS (SELECT 1 FROM {partition} e JOIN waiting_captures c ON c.event_id = e.id)
"""


def drop_old_partitions(tx: Transaction, *, retention_days: int) -> list[str]:
    """Drop months of events that are past their time and that nothing open refers to.

    Keys and facts stay: an event that came again after its body is gone is still a duplicate.
    """
    dropped = []
    for (name,) in tx.execute(_OLD, (retention_days,)).fetchall():
        partition = sql.Identifier(name)
        row = tx.execute(sql.SQL(_NEEDED).format(partition=partition)).fetchone()
        if row is not None and not row[0]:
            tx.execute(sql.SQL("DROP TABLE {}").format(partition))
            dropped.append(name)
    return dropped
