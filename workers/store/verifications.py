"""Which payments are asked about, and when next: while they are under way or being refunded."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from domain.arrays import Int2s, Int8s, Times
from workers.columns import pack

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from workers.database import Transaction

_BEGIN = """
    INSERT INTO verifications (payment_id, since, next_at)
    SELECT id, now(), now() FROM unnest(%b::bigint[]) AS id
    ON CONFLICT DO NOTHING
"""

_BEGIN_ANEW = """
    INSERT INTO verifications (payment_id, since, next_at) VALUES (%s, now(), now())
    ON CONFLICT (payment_id) DO UPDATE
    SET step = 0, since = excluded.since, next_at = excluded.next_at
"""


def begin(tx: Transaction, payment_ids: Sequence[int]) -> None:
    """Have payments asked about that are under way from now on. The relay knows how often."""
    if payment_ids:
        tx.execute(_BEGIN, (Int8s(payment_ids),))


def begin_anew(tx: Transaction, payment_id: int) -> None:
    """Have a payment asked about from now on, whatever was asked before: it is being refunded."""
    tx.execute(_BEGIN_ANEW, (payment_id,))


_UNDER_WAY = """
    SELECT p.reference FROM verifications v JOIN payment_logs p ON p.id = v.payment_id
    WHERE p.provider = %s AND p.account = %s
    ORDER BY v.since DESC, p.id DESC LIMIT %s
"""


def under_way(tx: Transaction, provider: str, account: str, *, limit: int) -> list[str]:
    """Return the references of the account's payments that are asked about, newest first."""
    return [row[0] for row in tx.execute(_UNDER_WAY, (provider, account, limit)).fetchall()]


class Due(NamedTuple):
    """A payment to be asked about. `now` is the time by which it is due."""

    payment_id: int
    step: int
    since: datetime
    reference: str
    provider: str
    account: str
    state: str
    has_open_refunds: bool
    now: datetime


_DUE = """
    SELECT v.payment_id, v.step, v.since, p.reference, p.provider, p.account, p.state,
           EXISTS (SELECT 1 FROM refunds r WHERE r.payment_id = p.id AND r.settled_at IS NULL),
           coalesce(%(now)s::timestamptz, now())
    FROM verifications v JOIN payment_logs p ON p.id = v.payment_id
    WHERE v.next_at <= coalesce(%(now)s::timestamptz, now())
    ORDER BY v.next_at LIMIT %(limit)s
    FOR UPDATE OF v SKIP LOCKED
"""


def due(tx: Transaction, *, limit: int, now: datetime | None = None) -> list[Due]:
    """Return what is due, oldest first, locked. `now` is for whoever plays a week in a second."""
    rows = tx.execute(_DUE, {"limit": limit, "now": now}).fetchall()
    return [Due(*row) for row in rows]


class Next(NamedTuple):
    """What is asked of a payment next, and when."""

    payment_id: int
    step: int
    next_at: datetime


_PLAN = """
    UPDATE verifications v SET step = n.step, next_at = n.next_at
    FROM unnest(%b::bigint[], %b::smallint[], %b::timestamptz[]) AS n(payment_id, step, next_at)
    WHERE v.payment_id = n.payment_id
"""


def plan(tx: Transaction, planned: Sequence[Next]) -> None:
    """Say when these payments are due again."""
    if planned:
        tx.execute(_PLAN, pack(planned, (Int8s, Int2s, Times)))


def end(tx: Transaction, payment_ids: Sequence[int]) -> None:
    """Ask no more about these payments."""
    if payment_ids:
        tx.execute(
            "DELETE FROM verifications WHERE payment_id = ANY(%b::bigint[])",
            (Int8s(payment_ids),),
        )
