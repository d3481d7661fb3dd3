"""Refunds that failed, as people see them: what is whose again, and whether it was asked anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workers.database import Transaction

Shown = dict[str, Any]

COUNTED_D = 7
"""How long, in days, a refund that failed and was not asked anew is pointed at."""

COUNTED_MAX = 1_000
"""Refunds that failed, the newest, among which those are counted."""

_ANEW = """
    SELECT n.reference, n.status FROM refunds n
    WHERE n.payment_id = r.payment_id AND n.created_at >= r.settled_at AND n.id <> r.id
    ORDER BY n.id DESC LIMIT 1
"""
"""SQL: what was asked of the payment of refund `r` after that had failed, the newest."""

_FAILED = f"""
    SELECT r.id, r.reference, r.amount_minor, r.currency, r.reason, r.client_id,
           r.provider_refund_id, r.created_at, r.settled_at, p.reference AS payment, p.provider,
           p.account, p.customer_id, coalesce(b.balance_minor, 0) AS credit_minor,
           anew.reference AS anew, anew.status AS anew_status
    FROM refunds r
    JOIN payment_logs p ON p.id = r.payment_id
    LEFT JOIN customer_balances b ON (b.customer_id, b.currency) = (p.customer_id, r.currency)
    LEFT JOIN LATERAL ({_ANEW}) anew ON true
    WHERE r.status = 'failed' AND (%(before)s::bigint IS NULL OR r.id < %(before)s)
    ORDER BY r.id DESC LIMIT %(limit)s
"""

_UNANSWERED = f"""
    SELECT count(*) AS n
    FROM (SELECT * FROM refunds WHERE status = 'failed' ORDER BY id DESC LIMIT {COUNTED_MAX}) r
    WHERE r.settled_at > now() - interval '{COUNTED_D} d' AND NOT EXISTS ({_ANEW})
"""


def _rows(tx: Transaction, query: str, values: Mapping[str, object]) -> list[Shown]:
    with tx.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, values).fetchall()


def failed(tx: Transaction, *, before: int | None, limit: int) -> list[Shown]:
    """Return refunds that failed, newest first; `before` is the last id of the page before.

    `credit_minor` is what the customer has in that currency now; `anew` is the newest refund that
    was asked of the payment since, None where there is none.
    """
    return _rows(tx, _FAILED, {"before": before, "limit": limit})


def unanswered(tx: Transaction) -> int:
    """Return how many refunds have failed lately without another being asked since."""
    found: int = _rows(tx, _UNANSWERED, {})[0]["n"]
    return found
