"""The limit of one person, and what each has moved alone.

The limit is one row, which only the owner of the database writes. What is moved alone is kept in
`operator_moves`, which only grows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from workers.database import Transaction


class Written(NamedTuple):
    """The limit as it was written (`domain.money_limit.parse` reads it), by whom, and when."""

    text: str
    set_by: str
    set_at: datetime


def read(tx: Transaction) -> Written:
    """Return the limit. Raises LookupError where somebody has deleted it."""
    row = tx.execute("SELECT written, set_by, set_at FROM money_limit").fetchone()
    if row is None:
        raise LookupError("the table money_limit is empty")
    return Written(*row)


def write(tx: Transaction, text: str, *, set_by: str) -> bool:
    """Set the limit; return whether it was another. Only the owner of the database may."""
    query = """INSERT INTO money_limit (written, set_by) VALUES (%s, %s)
               ON CONFLICT ON CONSTRAINT money_limit_pkey DO UPDATE
               SET written = excluded.written, set_by = excluded.set_by, set_at = now()
               WHERE money_limit.written <> excluded.written"""
    return tx.execute(query, (text, set_by)).rowcount == 1


_TAKE_TURNS = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"


def take_turns(tx: Transaction, actor: str) -> None:
    """Let no other transaction weigh an act of this person before this one has ended."""
    tx.execute(_TAKE_TURNS, (f"payratchet moves alone: {actor}",))


_MOVED_ALONE = """
    WITH moved AS MATERIALIZED (
        SELECT kind, subject, currency, amount_minor FROM operator_moves
        WHERE actor = %s AND at > now() - make_interval(secs => %s)
    ), spared AS (
        SELECT i.currency, i.amount_minor
        FROM (SELECT DISTINCT subject FROM moved WHERE kind = 'replay') m
        JOIN replay_jobs j ON j.id = split_part(m.subject, ':', 2)::bigint
        JOIN replay_items i ON i.replay_id = j.id
        JOIN dead_letters d ON d.id = i.dead_letter_id
        WHERE j.ended_at IS NOT NULL AND i.currency IS NOT NULL
          AND (i.outcome IN ('waiting', 'skipped')
               OR (i.outcome = 'failed' AND d.status IN ('open', 'discarded')))
    )
    SELECT currency, sum(amount_minor)::bigint
    FROM (SELECT currency, amount_minor FROM moved
          UNION ALL SELECT currency, -amount_minor FROM spared) each
    GROUP BY 1
"""


def moved_alone_minor(tx: Transaction, actor: str, *, within_s: int) -> dict[str, int]:
    """Return what a person has moved alone so lately, minor units by currency.

    Letters of a replay that has ended count unless they are where they were before it.
    """
    return dict(tx.execute(_MOVED_ALONE, (actor, within_s)).fetchall())


class Act(NamedTuple):
    """Something that a person does: of which kind, to what, and who."""

    kind: str
    subject: str
    actor: str


def keep(tx: Transaction, act: Act, amounts_minor: Mapping[str, int]) -> None:
    """Append that somebody moves these amounts, by currency, without a second person."""
    query = """INSERT INTO operator_moves (kind, subject, actor, currency, amount_minor)
               VALUES (%s, %s, %s, %s, %s)"""
    for currency, amount_minor in amounts_minor.items():
        if amount_minor:
            tx.execute(query, (*act, currency, abs(amount_minor)))
