"""Customers' statements: what was spent, and what of it was given back."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from workers.database import Transaction


class Spent(NamedTuple):
    """A debit. `amount_minor` is what was taken, positive."""

    id: int
    customer_id: str
    currency: str
    amount_minor: int


_DEBIT = """
    SELECT id, customer_id, currency, -amount_minor FROM sms_transactions
    WHERE reference = %s AND kind = 'sms_debit'
"""


def debit(tx: Transaction, reference: str) -> Spent | None:
    """Return the debit of this reference, or None."""
    row = tx.execute(_DEBIT, (reference,)).fetchone()
    return Spent(*row) if row else None


def is_reversed(tx: Transaction, debit_id: int) -> bool:
    """Say whether the debit was given back; certain only under the lock of its balance."""
    query = "SELECT 1 FROM sms_transactions WHERE reverses_id = %s"
    return tx.execute(query, (debit_id,)).fetchone() is not None
