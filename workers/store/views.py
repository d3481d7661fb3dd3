"""What operators look at: rows as they are shown, never locked, never changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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


_LETTERS = """
    SELECT id, event_id, source AS provider, account, event_type AS type, reason, error_class,
           message, fingerprint, reference, amount_minor, currency, attempts, status, dead_at,
           resolved_at
    FROM dead_letters
"""


def letters(
    tx: Transaction,
    *,
    filters: Mapping[str, str | None],
    before: int | None,
    limit: int,
) -> list[Shown]:
    """Return a page of dead letters, newest first.

    `filters` may hold provider, type, reason, fingerprint, status and reference; None matches all.
    """
    query = f"""{_LETTERS}
        WHERE (%(provider)s::text IS NULL OR source = %(provider)s)
          AND (%(type)s::text IS NULL OR event_type = %(type)s)
          AND (%(reason)s::text IS NULL OR reason = %(reason)s)
          AND (%(fingerprint)s::text IS NULL OR fingerprint = %(fingerprint)s)
          AND (%(status)s::text IS NULL OR status = %(status)s)
          AND (%(reference)s::text IS NULL OR reference = %(reference)s)
          AND (%(before)s::bigint IS NULL OR id < %(before)s)
        ORDER BY id DESC LIMIT %(limit)s"""
    return _rows(tx, query, {**filters, "before": before, "limit": limit})


def letter(tx: Transaction, letter_id: int) -> Shown | None:
    """Return one dead letter with its attempts, its history and its event, or None."""
    found = _rows(tx, f"{_LETTERS} WHERE id = %(id)s", {"id": letter_id})
    if not found:
        return None
    shown = found[0]
    by_event = {"event_id": shown["event_id"]}
    shown["tries"] = _rows(tx, _TRIES, by_event)
    shown["history"] = _rows(tx, _HISTORY, {"id": letter_id})
    shown["event"] = next(iter(_rows(tx, _EVENT, by_event)), None)
    return shown


_TRIES = """
    SELECT number, started_at, ended_at, worker, outcome, error_class, message, replay_id
    FROM attempts WHERE event_id = %(event_id)s ORDER BY id
"""

_HISTORY = """
    SELECT action, actor, reason, replay_id, at FROM dead_letter_actions
    WHERE dead_letter_id = %(id)s ORDER BY id
"""

_EVENT = """
    SELECT e.id, e.received_at, e.source AS provider, e.account, e.event_key, e.reference, e.mode,
           e.headers, e.key_id, e.request_id, e.traceparent, octet_length(e.body) AS body_bytes,
           encode(sha256(e.body), 'hex') AS body_sha256
    FROM inbound_events e
    JOIN dead_letters d ON d.event_id = e.id AND d.received_at = e.received_at
    WHERE e.id = %(event_id)s
"""


def open_letters_exist(tx: Transaction, letter_ids: Sequence[int]) -> list[int]:
    """Return which of these dead letters are open."""
    query = "SELECT id FROM dead_letters WHERE id = ANY(%(ids)s) AND status = 'open' ORDER BY id"
    return [row["id"] for row in _rows(tx, query, {"ids": list(letter_ids)})]


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
