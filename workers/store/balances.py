"""Customers' balances: a projection of the ledger, a row for each customer and currency."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from domain.arrays import Int8s, Texts
from workers.columns import pack

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from workers.database import Transaction

Owner = tuple[str, str]
"""A customer and a currency."""


class Balance(NamedTuple):
    """Minor units, and how many lines the customer's statement has in this currency."""

    balance_minor: int
    version: int


_OPEN = """
    INSERT INTO customer_balances (customer_id, currency)
    SELECT * FROM unnest(%b::text[], %b::text[])
    ON CONFLICT DO NOTHING
"""

_LOCK = """
    SELECT b.customer_id, b.currency, b.balance_minor, b.version
    FROM customer_balances b
    JOIN unnest(%b::text[], %b::text[]) AS u(customer_id, currency) USING (customer_id, currency)
    ORDER BY b.customer_id, b.currency
    FOR NO KEY UPDATE OF b
"""


def lock(tx: Transaction, owners: Collection[Owner]) -> dict[Owner, Balance]:
    """Return the balances, opened where there is none, their rows locked in one order."""
    if not owners:
        return {}
    wanted = pack(sorted(owners), (Texts, Texts))
    rows = tx.execute(_LOCK, wanted, binary=True).fetchall()
    if len(rows) < len(owners):
        tx.execute(_OPEN, wanted)
        rows = tx.execute(_LOCK, wanted, binary=True).fetchall()
    return {(row[0], row[1]): Balance(row[2], row[3]) for row in rows}


_SAVE = """
    UPDATE customer_balances b
    SET balance_minor = n.balance_minor, version = n.version, updated_at = now()
    FROM unnest(%b::text[], %b::text[], %b::bigint[], %b::bigint[])
        AS n(customer_id, currency, balance_minor, version)
    WHERE b.customer_id = n.customer_id AND b.currency = n.currency
"""


def save(tx: Transaction, moved: Mapping[Owner, Balance]) -> None:
    """Write balances that the caller has locked."""
    if moved:
        rows = [(*owner, *balance) for owner, balance in moved.items()]
        tx.execute(_SAVE, pack(rows, (Texts, Texts, Int8s, Int8s)))
