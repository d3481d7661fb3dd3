"""Refunds that were asked through us. All writers hold the lock of their payment."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from domain.arrays import Int8s
from domain.commands import INTERNAL
from domain.money import Money
from domain.refunds import Refund

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from domain.refunds import Matched
    from workers.database import Transaction


class Asked(NamedTuple):
    """A refund, who asked for it, and why."""

    refund: Refund
    payment_id: int
    client_id: str
    reason: str | None


_OF_PAYMENTS = """
    SELECT reference, amount_minor, currency, status, provider_refund_id, object_id,
           coalesce(facts_before, 0), payment_id, client_id, reason
    FROM refunds WHERE payment_id = ANY(%b::bigint[])
    ORDER BY id
"""


def of_payments(tx: Transaction, payment_ids: Sequence[int]) -> dict[int, list[Asked]]:
    """Return all refunds of these payments, oldest first."""
    found: dict[int, list[Asked]] = {}
    for row in tx.execute(_OF_PAYMENTS, (Int8s(payment_ids),)):
        refund = Refund(row[0], Money(row[2], row[1]), *row[3:7])
        found.setdefault(row[7], []).append(Asked(refund, *row[7:]))
    return found


_PAYMENT_OF = """
    SELECT p.reference FROM refunds r JOIN payment_logs p ON p.id = r.payment_id
    WHERE r.reference = %s
"""


def payment_of(tx: Transaction, reference: str) -> str | None:
    """Return the reference of the payment that is being refunded; no lock is taken."""
    row = tx.execute(_PAYMENT_OF, (reference,)).fetchone()
    return row[0] if row else None


class Commanded(NamedTuple):
    """The command that asked for a refund, and who has it or its payment in hand.

    `is_owed`: work is left to be done for it. `is_called`: the provider is being asked about the
    payment, by whomever and whatever for.
    """

    event_id: int
    received_at: datetime
    is_owed: bool
    is_called: bool


_COMMAND_OF = f"""
    SELECT d.event_id, d.received_at,
           EXISTS (SELECT 1 FROM inbound_work w WHERE w.event_id = d.event_id),
           EXISTS (SELECT 1 FROM provider_calls c
                   WHERE c.payment_id = %s AND c.ended_at IS NULL)
    FROM inbound_dedup d
    WHERE d.source = '{INTERNAL}' AND d.account = 'default' AND d.event_key = %s
"""


def command_of(tx: Transaction, payment_id: int, key: str) -> Commanded | None:
    """Return the command of this key, by which a refund of the payment was asked for."""
    row = tx.execute(_COMMAND_OF, (payment_id, key)).fetchone()
    return Commanded(*row) if row else None


_MARK_SENT = """
    UPDATE refunds SET status = 'sent', facts_before = %s
    WHERE reference = %s AND status = 'requested'
"""


def mark_sent(tx: Transaction, reference: str, *, facts_before: int) -> None:
    """Note that the provider is about to be asked: from now on it may know of the refund.

    None of the `facts_before` facts that are known of the payment by now is about it, however
    often it is asked for again.
    """
    tx.execute(_MARK_SENT, (facts_before, reference))


def change(tx: Transaction, matched: Matched) -> None:
    """Write what has become of refunds. One that is settled is refused by the database."""
    for reference, provider_refund_id in matched.named:
        tx.execute(
            "UPDATE refunds SET provider_refund_id = %s, status = 'sent' WHERE reference = %s",
            (provider_refund_id, reference),
        )
    for settled in matched.settled:
        tx.execute(
            "UPDATE refunds SET status = %s, object_id = %s, settled_at = now()"
            " WHERE reference = %s",
            (settled.status, settled.object_id, settled.reference),
        )
