"""Bounds: partitions ahead and behind, and tables that must not grow for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import sql

if TYPE_CHECKING:
    from datetime import datetime

    from workers.database import Transaction


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


def drop_old_variants(tx: Transaction, *, retention_days: int) -> int:
    """Forget other bytes of events that are past their time; return how many."""
    query = "DELETE FROM inbound_variants WHERE received_at < now() - make_interval(days => %s)"
    return tx.execute(query, (retention_days,)).rowcount


_DROP_KEYS = """
    DELETE FROM idempotency_keys WHERE (client_id, method, route, key) IN (
        SELECT client_id, method, route, key FROM idempotency_keys
        WHERE expires_at < now() ORDER BY expires_at LIMIT %s)
"""


def drop_old_keys(tx: Transaction, *, limit: int) -> int:
    """Forget idempotency keys that are past their time, and their answers; return how many."""
    return tx.execute(_DROP_KEYS, (limit,)).rowcount


_DROP_SESSIONS = """
    DELETE FROM operator_sessions WHERE token_hash IN (
        SELECT token_hash FROM operator_sessions
        WHERE expires_at < now() - make_interval(days => %s) ORDER BY expires_at LIMIT %s)
"""


def drop_old_sessions(tx: Transaction, *, older_than_days: int, limit: int) -> int:
    """Forget sessions of the console that ended so long ago; who signed in is kept elsewhere."""
    return tx.execute(_DROP_SESSIONS, (older_than_days, limit)).rowcount


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


def old_partitions(tx: Transaction, *, retention_days: int) -> list[str]:
    """Return the months of events that are past their time, oldest first."""
    return [row[0] for row in tx.execute(_OLD, (retention_days,)).fetchall()]


DROP_LOCK_TIMEOUT_MS = 200
"""Longest that dropping a month may make the door wait behind it; otherwise next time."""


def drop_partition(tx: Transaction, name: str) -> bool:
    """Drop a month of events unless something open refers to it; return whether it went.

    Keys and facts stay: an event that came again after its body is gone is still a duplicate.
    The caller drops one month in a transaction, so that the parent is locked for a moment only.
    """
    partition = sql.Identifier(name)
    row = tx.execute(sql.SQL(_NEEDED).format(partition=partition)).fetchone()
    if row is None or row[0]:
        return False
    tx.execute("SELECT set_config('lock_timeout', %s, true)", (str(DROP_LOCK_TIMEOUT_MS),))
    tx.execute(sql.SQL("DROP TABLE {}").format(partition))
    return True
