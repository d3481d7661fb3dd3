"""Approvals: what somebody asked for, what it would do, and what a second person said to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from workers.database import Transaction
    from workers.store.views import Shown


class Question(NamedTuple):
    """What is asked for. `shown` is what the asker was shown that it would do.

    `why` says why one person may not do it alone.
    """

    kind: str
    subject: str
    request: Mapping[str, Any]
    shown: Mapping[str, Any]
    amount_minor: int | None
    currency: str | None
    why: str | None = None


class Approval(NamedTuple):
    """A question with its row locked. `is_overdue`: it waits, and its time is over."""

    id: int
    kind: str
    subject: str
    request: dict[str, Any]
    shown: dict[str, Any]
    amount_minor: int | None
    currency: str | None
    status: str
    asked_by: str
    asked_reason: str
    asked_at: datetime
    is_overdue: bool


def equal(tx: Transaction, question: Question, *, asked_by: str) -> int | None:
    """Return the approval that waits because the same person asked for just the same."""
    query = """SELECT id FROM approvals
               WHERE status = 'waiting' AND expires_at > now() AND asked_by = %s
                 AND (kind, subject, request, shown) = (%s, %s, %s, %s)
                 AND (amount_minor, currency) IS NOT DISTINCT FROM (%s::bigint, %s::text)
               ORDER BY id LIMIT 1"""
    row = tx.execute(
        query,
        (
            asked_by,
            question.kind,
            question.subject,
            Jsonb(dict(question.request)),
            Jsonb(dict(question.shown)),
            question.amount_minor,
            question.currency,
        ),
    ).fetchone()
    return row[0] if row else None


def add(tx: Transaction, question: Question, *, asked_by: str, reason: str, lives_s: float) -> int:
    """Keep a question; return its id. Nobody may decide it any more after `lives_s`."""
    row = tx.execute(
        """INSERT INTO approvals (kind, subject, request, shown, amount_minor, currency, why,
                                  asked_by, asked_reason, expires_at)
           VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, now() + make_interval(secs => %s))
           RETURNING id""",
        (
            *question[:2],
            Jsonb(dict(question.request)),
            Jsonb(dict(question.shown)),
            *question[4:],
            asked_by,
            reason,
            lives_s,
        ),
    ).fetchone()
    assert row is not None  # noqa: S101 - RETURNING gives a row for each that is added
    approval_id: int = row[0]
    return approval_id


_LOCKED = """
    SELECT id, kind, subject, request, shown, amount_minor, currency, status, asked_by,
           asked_reason, asked_at, status = 'waiting' AND expires_at <= clock_timestamp()
    FROM approvals
"""


def lock(tx: Transaction, approval_id: int) -> Approval | None:
    """Return an approval, its row locked: of several who decide, one does and the others see it."""
    row = tx.execute(f"{_LOCKED} WHERE id = %s FOR UPDATE", (approval_id,)).fetchone()
    return Approval(*row) if row else None


def overdue(tx: Transaction, *, limit: int) -> list[int]:
    """Return those that waited too long, the oldest first."""
    query = """SELECT id FROM approvals WHERE status = 'waiting' AND expires_at <= now()
               ORDER BY id LIMIT %s"""
    return [row[0] for row in tx.execute(query, (limit,)).fetchall()]


def lock_overdue(tx: Transaction, approval_id: int) -> Approval | None:
    """Return one that waited too long, its row locked; None where somebody has it in hand."""
    row = tx.execute(
        f"""{_LOCKED} WHERE id = %s AND status = 'waiting' AND expires_at <= now()
            FOR UPDATE SKIP LOCKED""",
        (approval_id,),
    ).fetchone()
    return Approval(*row) if row else None


def decide(
    tx: Transaction,
    approval_id: int,
    *,
    status: str,
    decided_by: str,
    reason: str,
    result: Mapping[str, Any],
) -> None:
    """Write the decision. The caller holds the row; a second decision is refused by a trigger."""
    tx.execute(
        """UPDATE approvals SET status = %s, decided_by = %s, decided_reason = %s,
               decided_at = now(), result = %s WHERE id = %s""",
        (status, decided_by, reason, Jsonb(dict(result)), approval_id),
    )


def expire(tx: Transaction, approval_id: int) -> None:
    """Write that nobody decided in time. The caller holds the row."""
    query = "UPDATE approvals SET status = 'expired', decided_at = now() WHERE id = %s"
    tx.execute(query, (approval_id,))


# The body of an edit is a customer's: who decides sees what it changes.
_SHOWN = """
    SELECT id AS approval_id, kind, subject,
           CASE WHEN status = 'waiting' AND expires_at <= now() THEN 'expired' ELSE status END
               AS status,
           amount_minor, currency, why, asked_by, asked_reason, asked_at, expires_at, decided_by,
           decided_reason, decided_at, request - 'body' AS request, shown, result
    FROM approvals
"""


def listed(tx: Transaction, *, status: str | None, before: int | None, limit: int) -> list[Shown]:
    """Return approvals, newest first, as operators see them."""
    query = f"""SELECT * FROM ({_SHOWN}) AS each
                WHERE (%(status)s::text IS NULL OR status = %(status)s)
                  AND (%(before)s::bigint IS NULL OR approval_id < %(before)s)
                ORDER BY approval_id DESC LIMIT %(limit)s"""
    with tx.cursor(row_factory=dict_row) as cursor:
        values = {"status": status, "before": before, "limit": limit}
        return cursor.execute(query, values).fetchall()


def shown(tx: Transaction, approval_id: int) -> Shown | None:
    """Return one approval as operators see it."""
    with tx.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(f"{_SHOWN} WHERE id = %s", (approval_id,)).fetchone()
