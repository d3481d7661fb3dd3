"""Sessions of the console, each known by a keyed hash of the token that the browser has.

Times are the caller's clock, so that an idle session ends at the same moment for all who look.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from psycopg.rows import dict_row

from domain.operators import Role

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from workers.database import Transaction
    from workers.store.views import Shown

LISTED_MAX = 50
"""Sessions of one operator that are listed, the newest."""


class Live(NamedTuple):
    """A session that counts, and the operator whose it is."""

    operator: str
    role: Role
    last_seen_at: datetime


def begin(
    tx: Transaction,
    token_hash: bytes,
    operator: str,
    *,
    address: str,
    now: datetime,
    expires_at: datetime,
) -> None:
    """Begin a session of an operator."""
    tx.execute(
        """INSERT INTO operator_sessions
               (token_hash, operator, address, created_at, last_seen_at, expires_at)
           VALUES (%s, %s, %s, %s, %s, %s)""",
        (token_hash, operator, address, now, now, expires_at),
    )


def find(tx: Transaction, token_hash: bytes, *, now: datetime, idle: timedelta) -> Live | None:
    """Return the session, unless it ended, is over, was idle too long, or its owner is revoked."""
    row = tx.execute(
        """SELECT s.operator, o.role, s.last_seen_at
           FROM operator_sessions s JOIN operators o ON o.name = s.operator
           WHERE s.token_hash = %(hash)s AND s.ended_at IS NULL AND o.revoked_at IS NULL
             AND s.expires_at > %(now)s AND s.last_seen_at > %(now)s - %(idle)s""",
        {"hash": token_hash, "now": now, "idle": idle},
    ).fetchone()
    return Live(row[0], Role(row[1]), row[2]) if row else None


def touch(tx: Transaction, token_hash: bytes, *, now: datetime) -> None:
    """Note that the session is in use."""
    query = "UPDATE operator_sessions SET last_seen_at = %s WHERE token_hash = %s"
    tx.execute(query, (now, token_hash))


def end(tx: Transaction, token_hash: bytes, *, now: datetime) -> str | None:
    """End a session; return whose it was, None where it had ended before or never was."""
    query = """UPDATE operator_sessions SET ended_at = %s
               WHERE token_hash = %s AND ended_at IS NULL RETURNING operator"""
    row = tx.execute(query, (now, token_hash)).fetchone()
    return row[0] if row else None


def listed(tx: Transaction, operator: str, *, now: datetime, idle: timedelta) -> list[Shown]:
    """Return an operator's sessions that count, newest first."""
    query = """SELECT token_hash, address, created_at, last_seen_at, expires_at
               FROM operator_sessions
               WHERE operator = %(operator)s AND ended_at IS NULL AND expires_at > %(now)s
                 AND last_seen_at > %(now)s - %(idle)s
               ORDER BY created_at DESC LIMIT %(limit)s"""
    values = {"operator": operator, "now": now, "idle": idle, "limit": LISTED_MAX}
    with tx.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, values).fetchall()


def end_others(tx: Transaction, operator: str, *, keeping: bytes, now: datetime) -> int:
    """End an operator's sessions but one; return how many were not over yet."""
    query = """UPDATE operator_sessions SET ended_at = %s
               WHERE operator = %s AND token_hash <> %s AND ended_at IS NULL AND expires_at > %s"""
    return tx.execute(query, (now, operator, keeping, now)).rowcount
