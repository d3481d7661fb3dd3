"""Customers' balances: a projection of the ledger, a row for each customer and currency."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from domain.arrays import Texts
from workers.columns import pack

if TYPE_CHECKING:
    from collections.abc import Collection

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
