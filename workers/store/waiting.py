"""Payments that know of a refund or dispute whose capture has not been heard of."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from domain.arrays import Int8s, Texts, Times
from workers.columns import pack

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from workers.database import Transaction


class Waiting(NamedTuple):
    """An event about an object (a refund, a dispute) that waits for its capture."""

    payment_id: int
    object_id: str
    event_id: int
    received_at: datetime


_NOTE = """
    INSERT INTO waiting_captures (payment_id, object_id, event_id, received_at)
    SELECT * FROM unnest(%b::bigint[], %b::text[], %b::bigint[], %b::timestamptz[])
    ON CONFLICT DO NOTHING
"""


def note(tx: Transaction, waiting: Sequence[Waiting]) -> None:
    """Note that these events wait."""
    if waiting:
        tx.execute(_NOTE, pack(waiting, (Int8s, Texts, Int8s, Times)))


class Placed(NamedTuple):
    """An object whose capture has become known."""

    payment_id: int
    object_id: str


_CLEAR = """
    DELETE FROM waiting_captures w
    USING unnest(%b::bigint[], %b::text[]) AS u(payment_id, object_id)
    WHERE w.payment_id = u.payment_id AND w.object_id = u.object_id
    RETURNING w.event_id
"""


def clear(tx: Transaction, placed: Sequence[Placed]) -> list[int]:
    """Note that the captures came; return the events that had waited for them."""
    if not placed:
        return []
    columns = pack(placed, (Int8s, Texts))
    return sorted({row[0] for row in tx.execute(_CLEAR, columns).fetchall()})


_OVERDUE = """
    SELECT w.event_id, w.received_at, e.source, e.account, p.reference
    FROM waiting_captures w
    JOIN payment_logs p ON p.id = w.payment_id
    JOIN inbound_events e ON e.id = w.event_id AND e.received_at = w.received_at
    LEFT JOIN dead_letters d ON d.event_id = w.event_id
    WHERE w.since < now() - make_interval(secs => %s) AND (d.id IS NULL OR d.status = 'resolved')
    ORDER BY w.since LIMIT %s
    FOR UPDATE OF w SKIP LOCKED
"""


class Overdue(NamedTuple):
    """An event that has waited too long for a person not to look."""

    event_id: int
    received_at: datetime
    source: str
    account: str
    reference: str


def overdue(tx: Transaction, *, age_s: float, limit: int) -> list[Overdue]:
    """Return events that have waited longer than that and are no open dead letters yet.

    One that was a dead letter for another reason, and got over it, may still wait; one that a
    person discarded is left in peace.
    """
    return [Overdue(*row) for row in tx.execute(_OVERDUE, (age_s, limit)).fetchall()]
