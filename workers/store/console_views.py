"""Lists of the console: newest first, by cursor, and never more rows looked at than are named.

A filter that no index serves looks at the newest `SCANNED_MAX` rows from the cursor on; its page
may be short, and the cursor goes on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from psycopg.rows import dict_row

from domain.transitions import State

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workers.database import Transaction

Shown = dict[str, Any]

REVIEW = State.REVIEW.value

SCANNED_MAX = 5_000
"""Rows that one page looks at where no index serves the filter."""


class Listed(NamedTuple):
    """A page of rows, and the cursor of the next; None: there is no more."""

    items: list[Shown]
    next_cursor: int | None


def _rows(tx: Transaction, query: str, values: Mapping[str, object]) -> list[Shown]:
    with tx.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, values).fetchall()


def _page(
    tx: Transaction, table: str, given: Mapping[str, object], *, before: int | None, limit: int
) -> Listed:
    """Return rows of `table` whose columns are as given; None leaves a column out."""
    wanted = {name: value for name, value in given.items() if value is not None}
    where = " AND ".join(f"{name} = %({name})s" for name in wanted) or "true"
    older = "" if before is None else "WHERE id < %(before)s"
    query = f"""
        WITH newest AS MATERIALIZED (
            SELECT * FROM {table} {older} ORDER BY id DESC LIMIT {SCANNED_MAX if wanted else limit}
        ), edge AS (SELECT min(id) AS id, count(*) AS rows FROM newest)
        SELECT found.*, edge.id AS edge_id, edge.rows AS edge_rows
        FROM edge LEFT JOIN LATERAL (
            SELECT * FROM newest WHERE {where} ORDER BY id DESC LIMIT %(limit)s) found ON true
    """
    found = _rows(tx, query, {**wanted, "before": before, "limit": limit})
    edge_id, looked_at = found[0]["edge_id"], found[0]["edge_rows"]
    items = [row for row in found if row["id"] is not None]
    if len(items) == limit:
        return Listed(items, items[-1]["id"])
    return Listed(items, edge_id if looked_at == SCANNED_MAX and wanted else None)


REVIEWS_MAX = 2_000
"""Entries into review, the newest, among whose payments those are looked for that still are."""

_REVIEWED = f"""
    SELECT payment_id FROM payment_transitions WHERE to_state = 'review'
    ORDER BY at DESC LIMIT {REVIEWS_MAX}
"""
"""No index is on the state of payments, which would make each of their steps dearer."""


def payments(
    tx: Transaction, *, state: str | None, provider: str | None, before: int | None, limit: int
) -> Listed:
    """Return payments, newest first; those in review however long ago they were announced."""
    given = {"state": state, "provider": provider}
    table = "payment_logs"
    if state == REVIEW:
        table = f"(SELECT * FROM payment_logs WHERE id IN ({_REVIEWED})) AS payment_logs"
    return _page(tx, table, given, before=before, limit=limit)


def in_review(tx: Transaction) -> int:
    """Return how many payments a person has to decide about."""
    query = f"""SELECT count(*) AS n FROM payment_logs
                WHERE state = %(state)s AND id IN ({_REVIEWED})"""
    found: int = _rows(tx, query, {"state": REVIEW})[0]["n"]
    return found


_PAYMENT = """
    SELECT p.id, p.reference, p.provider, p.account, p.provider_reference, p.state, p.amount_minor,
           p.currency, p.customer_id, p.captured_minor, p.refunded_minor, p.created_at, p.updated_at
    FROM payment_logs p
"""

# A provider's reference is found where its account is known: by pairs, each one look-up.
_FOUND = f"""
    WITH pairs AS (SELECT source AS provider, account FROM source_modes
                   UNION SELECT unnest(%(providers)s::text[]), 'default'),
    named AS (
        SELECT r.payment_id FROM pairs JOIN provider_references r
            ON (r.provider, r.account, r.provider_reference)
                = (pairs.provider, pairs.account, %(words)s)
    ), customers AS (
        SELECT id FROM payment_logs WHERE customer_id = %(words)s ORDER BY id DESC LIMIT %(limit)s
    )
    {_PAYMENT}
    WHERE p.id IN (SELECT payment_id FROM named UNION ALL SELECT id FROM customers
                   UNION ALL SELECT id FROM payment_logs WHERE reference = %(words)s)
    ORDER BY p.id DESC LIMIT %(limit)s
"""


def search(tx: Transaction, words: str, *, providers: list[str], limit: int) -> list[Shown]:
    """Return payments that are just so called: by reference, customer or provider's reference."""
    return _rows(tx, _FOUND, {"words": words, "providers": providers, "limit": limit})


def refused(
    tx: Transaction, *, source: str | None, code: str | None, before: int | None, limit: int
) -> Listed:
    """Return refused requests, newest first."""
    given = {"source": source, "code": code}
    return _page(tx, "refused_requests", given, before=before, limit=limit)


HISTORIES: Mapping[str, str] = {
    "operators": "(SELECT id, at, actor, action, subject, reason FROM operator_actions)",
    "dead-letters": """(SELECT id, at, actor, action, 'dead_letter:' || dead_letter_id AS subject,
                               reason FROM dead_letter_actions)""",
    "replays": """(SELECT id, at, actor, action, 'replay:' || replay_id AS subject, reason
                   FROM replay_actions)""",
    "clients": """(SELECT id, at, actor, action, 'client:' || client_id AS subject, reason
                   FROM api_client_actions)""",
}
"""The histories of what people did, as rows of one form."""


def history(
    tx: Transaction,
    of: str,
    *,
    actor: str | None,
    subject: str | None,
    before: int | None,
    limit: int,
) -> Listed:
    """Return what people did, newest first. Raises KeyError for a history that there is not."""
    given = {"actor": actor, "subject": subject}
    return _page(tx, f"{HISTORIES[of]} AS history", given, before=before, limit=limit)
