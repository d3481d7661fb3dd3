"""What people see of replays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workers.database import Transaction

Shown = dict[str, Any]

ITEMS_SHOWN_MAX = 100
"""Letters of a replay that are shown by name: those that failed come first."""

_JOB = """
    SELECT j.id AS replay_id, j.status, j.why, j.actor, j.reason, j.operation_key, j.filters,
           j.matched, j.succeeded + j.failed AS replayed, j.succeeded, j.failed, j.skipped,
           j.status = 'aborted' AS aborted, j.amounts_minor, j.ledger_diff, j.rate_per_s, j.canary,
           j.max_failures, j.approval_id, j.created_at, j.started_at, j.ended_at, j.heartbeat_at
    FROM replay_jobs j
"""


def _rows(tx: Transaction, query: str, values: Mapping[str, object]) -> list[Shown]:
    with tx.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, values).fetchall()


def page(tx: Transaction, *, status: str | None, before: int | None, limit: int) -> list[Shown]:
    """Return replays, newest first; `before` is the last id of the page before."""
    parts = ["j.status = %(status)s"] if status is not None else []
    parts += ["j.id < %(before)s"] if before is not None else []
    where = " AND ".join(parts) or "true"
    query = f"{_JOB} WHERE {where} ORDER BY j.id DESC LIMIT %(limit)s"
    return _rows(tx, query, {"status": status, "before": before, "limit": limit})


_HISTORY = """
    SELECT action, actor, reason, at FROM replay_actions WHERE replay_id = %(id)s ORDER BY id
"""

_ITEMS = f"""
    SELECT i.place, i.dead_letter_id, i.event_id, i.outcome, i.message, i.amount_minor, i.currency,
           i.begun_at, i.ended_at, d.status AS letter_status
    FROM replay_items i JOIN dead_letters d ON d.id = i.dead_letter_id
    WHERE i.replay_id = %(id)s AND i.outcome = ANY(%(outcomes)s::text[])
    ORDER BY i.place LIMIT {ITEMS_SHOWN_MAX}
"""

_IN_HAND = """
    SELECT count(*) FILTER (WHERE outcome = 'begun') AS in_hand,
           count(*) FILTER (WHERE outcome = 'waiting') AS waiting
    FROM replay_items WHERE replay_id = %(id)s AND outcome IN ('waiting', 'begun')
"""


def brief(tx: Transaction, replay_id: int) -> Shown | None:
    """Return a replay with its counts, or None."""
    found = _rows(tx, f"{_JOB} WHERE j.id = %(id)s", {"id": replay_id})
    return found[0] if found else None


def one(tx: Transaction, replay_id: int) -> Shown | None:
    """Return a replay with its history, its failures and some of the others, or None."""
    shown = brief(tx, replay_id)
    if shown is None:
        return None
    by_id = {"id": replay_id}
    shown |= _rows(tx, _IN_HAND, by_id)[0]
    shown["history"] = _rows(tx, _HISTORY, by_id)
    failed = _rows(tx, _ITEMS, {**by_id, "outcomes": ["failed"]})
    others = ["begun", "succeeded", "skipped", "waiting"]
    rest = _rows(tx, _ITEMS, {**by_id, "outcomes": others})
    shown["items"] = (failed + rest)[:ITEMS_SHOWN_MAX]
    return shown
