"""What operators look at: rows as they are shown, never locked, never changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workers.database import Transaction

PAGE_MAX = 500
"""Rows in one page."""

Shown = dict[str, Any]

_PAYMENT = """
    SELECT id, reference, provider, account, provider_reference, state, amount_minor, currency,
           customer_id, authorization_url, captured_minor, refunded_minor, disputed_minor,
           lock_version AS version, created_at, updated_at, metadata
    FROM payment_logs
"""


def _rows(tx: Transaction, query: str, values: Mapping[str, object]) -> list[Shown]:
    with tx.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, values).fetchall()


def payment(tx: Transaction, reference: str) -> Shown | None:
    """Return a payment, or None when nobody announced it."""
    found = _rows(tx, f"{_PAYMENT} WHERE reference = %(reference)s", {"reference": reference})
    return found[0] if found else None


def payments(
    tx: Transaction, *, state: str | None, provider: str | None, before: int | None, limit: int
) -> list[Shown]:
    """Return a page of payments, newest first; `before` is the last id of the page before."""
    query = f"""{_PAYMENT}
        WHERE (%(state)s::text IS NULL OR state = %(state)s)
          AND (%(provider)s::text IS NULL OR provider = %(provider)s)
          AND (%(before)s::bigint IS NULL OR id < %(before)s)
        ORDER BY id DESC LIMIT %(limit)s"""
    values = {"state": state, "provider": provider, "before": before, "limit": limit}
    return _rows(tx, query, values)


_OWED = """
    SELECT w.event_id IS NULL AS ended, coalesce(w.attempts, 0) AS attempts,
           EXISTS (SELECT 1 FROM provider_calls c WHERE c.event_id = %(event_id)s) AS called,
           d.reason, d.message
    FROM (VALUES (1)) one
    LEFT JOIN inbound_work w ON w.event_id = %(event_id)s
    LEFT JOIN dead_letters d ON d.event_id = %(event_id)s AND d.status = 'open'
"""


def owed(tx: Transaction, event_id: int) -> Shown:
    """Return whether a command is finished, how often it failed, and why it died if it did."""
    return _rows(tx, _OWED, {"event_id": event_id})[0]


_OVERVIEW = """
    SELECT (SELECT count(*) FROM inbound_work) AS unfinished,
           (SELECT coalesce(extract(epoch FROM now() - min(since)), 0)::float
            FROM inbound_work) AS oldest_unfinished_s,
           (SELECT count(*) FROM dead_letters WHERE status = 'open') AS open_dead_letters,
           (SELECT count(*) FROM claims) AS claims,
           (SELECT count(*) FROM refused_requests) AS refused_requests,
           (SELECT count(*) FROM refunds WHERE settled_at IS NULL) AS refunds_open,
           (SELECT count(*) FROM verifications WHERE next_at <= now()) AS verifications_due
"""


def overview(tx: Transaction) -> Shown:
    """Return the few numbers that say how things are. None of them grows dear with history."""
    return _rows(tx, _OVERVIEW, {})[0]


def inserted(tx: Transaction) -> dict[str, int]:
    """Return how many rows tables have received since Postgres began to count: cheap, not exact."""
    query = """SELECT relname AS name, n_tup_ins AS rows FROM pg_stat_user_tables
               WHERE relname IN ('inbound_dedup', 'payment_facts', 'payment_transitions',
                                 'sms_transactions', 'attempts', 'refused_requests',
                                 'provider_calls', 'reconciliation_items')"""
    return {row["name"]: row["rows"] for row in _rows(tx, query, {})}


CALLS_RECENT_S = 3_600
CALLS_COUNTED_MAX = 5_000
"""How old, and how many, the calls may be that are counted by what became of them."""

_RECENT_CALLS = f"""
    SELECT provider, kind, coalesce(outcome, 'under_way') AS outcome, count(*) AS calls
    FROM (SELECT provider, kind, outcome, started_at FROM provider_calls
          ORDER BY id DESC LIMIT {CALLS_COUNTED_MAX}) newest
    WHERE started_at > now() - interval '{CALLS_RECENT_S} s'
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""


def recent_calls(tx: Transaction) -> list[Shown]:
    """Count the newest calls to providers by what became of them."""
    return _rows(tx, _RECENT_CALLS, {})


def open_by_reason(tx: Transaction) -> list[Shown]:
    """Count the open dead letters by reason."""
    query = """SELECT reason, count(*) AS letters FROM dead_letters WHERE status = 'open'
               GROUP BY reason ORDER BY letters DESC, reason"""
    return _rows(tx, query, {})


def money_at_risk(tx: Transaction) -> list[Shown]:
    """Sum, by currency, what open dead letters are about and what customers owe us."""
    query = """
        SELECT currency, sum(set_aside)::bigint AS set_aside_minor, sum(owed)::bigint AS owed_minor
        FROM (SELECT currency, amount_minor AS set_aside, 0 AS owed FROM dead_letters
              WHERE status = 'open' AND currency IS NOT NULL
              UNION ALL
              SELECT currency, 0, -balance_minor FROM customer_balances WHERE balance_minor < 0) m
        GROUP BY currency ORDER BY currency"""
    return _rows(tx, query, {})
