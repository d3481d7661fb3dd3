"""Failures to sign in, counted for each name and each address from which somebody tried."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from workers.database import Transaction

FORGOTTEN_AT_ONCE = 100
"""Old counts that one sign-in takes away: more than it can add."""


class Counted(NamedTuple):
    """How often it failed in a row, and when last."""

    times: int
    last_at: datetime


def hold(
    tx: Transaction, keys: Sequence[str], *, now: datetime, since: datetime
) -> dict[str, Counted]:
    """Return the counts that are not forgotten yet, and lock all rows until the transaction ends.

    Rows that were not there are made: of many tries at once, each sees those before it.
    """
    tx.execute(
        """INSERT INTO sign_in_failures (whose, count, since, last_at)
           SELECT whose, 0, %(now)s, %(now)s FROM unnest(%(keys)s::text[]) AS k(whose)
           ORDER BY whose ON CONFLICT ON CONSTRAINT sign_in_failures_pkey DO NOTHING""",
        {"keys": sorted(keys), "now": now},
    )
    rows = tx.execute(
        """SELECT whose, count, last_at FROM sign_in_failures
           WHERE whose = ANY(%s::text[]) ORDER BY whose FOR UPDATE""",
        (sorted(keys),),
    ).fetchall()
    return {row[0]: Counted(row[1], row[2]) for row in rows if row[2] > since}


def add(tx: Transaction, keys: Sequence[str], *, now: datetime, since: datetime) -> None:
    """Count a failure for each of these, which are held; one from before `since` begins anew."""
    tx.execute(
        """UPDATE sign_in_failures
           SET count = CASE WHEN last_at > %(since)s THEN count + 1 ELSE 1 END,
               since = CASE WHEN last_at > %(since)s THEN since ELSE %(now)s END,
               last_at = %(now)s
           WHERE whose = ANY(%(keys)s::text[])""",
        {"keys": list(keys), "now": now, "since": since},
    )


def forgive(tx: Transaction, name_key: str, address_key: str) -> None:
    """Take back what was counted for a sign-in that was right after all.

    The name starts anew. The address keeps its other failures: whoever has one account must not
    wash away guesses at others with it.
    """
    tx.execute("DELETE FROM sign_in_failures WHERE whose = %s", (name_key,))
    query = "UPDATE sign_in_failures SET count = greatest(count - 1, 0) WHERE whose = %s"
    tx.execute(query, (address_key,))


def forget(tx: Transaction, *, before: datetime) -> None:
    """Take away counts that no longer matter, so that the table cannot grow with guesses."""
    tx.execute(
        """DELETE FROM sign_in_failures WHERE whose IN (
               SELECT whose FROM sign_in_failures WHERE last_at < %s
               LIMIT %s FOR UPDATE SKIP LOCKED)""",
        (before, FORGOTTEN_AT_ONCE),
    )
