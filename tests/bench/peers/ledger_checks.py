"""What must hold in a peer's books: its tables have the same columns, under its own names."""

from __future__ import annotations


def checks(payments: str, accounts: str, credited: str, entries: str) -> dict[str, str]:
    """Return each invariant with the statement that counts its violations."""
    return {
        "a payment is credited once at most": (
            f"SELECT count(*) FROM (SELECT payment_id FROM {credited}"
            " GROUP BY payment_id HAVING count(*) > 1) AS twice"
        ),
        "what succeeded is credited, in full, and nothing else": (
            f"SELECT count(*) FROM {payments} p LEFT JOIN {credited} c ON c.payment_id = p.id"
            " WHERE (p.state = 'succeeded') IS DISTINCT FROM (c.amount_minor = p.amount_minor)"
            " AND NOT (p.state <> 'succeeded' AND c.id IS NULL)"
        ),
        "a balance is the sum of its credits": (
            f"SELECT count(*) FROM {accounts} a WHERE a.balance_minor <>"
            f" (SELECT coalesce(sum(amount_minor), 0) FROM {credited} c WHERE c.account_id = a.id)"
        ),
        "the entries of a credit sum to zero": (
            f"SELECT count(*) FROM {credited} c WHERE coalesce("
            f"(SELECT sum(amount_minor) FROM {entries} e WHERE e.credit_id = c.id), 1) <> 0"
        ),
    }
