"""Which payments are asked about, and when next: while they are under way or being refunded."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from domain.arrays import Int2s, Int8s, Times
from domain.commands import INTERNAL, CommandKind
from domain.wakeup import Lane
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


OPEN_LOOKED_AT_MAX = 10_000
"""Of so many payments, the newest of all, those are found that may be paid and are not yet."""

_OPEN = """
    SELECT reference FROM (
        SELECT p.id, p.reference, true AS is_under_way
        FROM verifications v JOIN payment_logs p ON p.id = v.payment_id
        WHERE p.provider = %(provider)s AND p.account = %(account)s
        UNION ALL
        SELECT id, reference, false FROM (
            SELECT id, reference, provider, account, state FROM payment_logs
            ORDER BY id DESC LIMIT %(looked_at)s) newest
        WHERE provider = %(provider)s AND account = %(account)s AND state = 'pending'
    ) open_
    GROUP BY id, reference
    ORDER BY bool_or(is_under_way) DESC, id DESC LIMIT %(limit)s
"""


def open_payments(tx: Transaction, provider: str, account: str, *, limit: int) -> list[str]:
    """Return the references of the account's payments that may yet be paid.

    First those that are asked about, then those of which nothing was heard, both newest first.
    """
    values = {
        "provider": provider,
        "account": account,
        "looked_at": OPEN_LOOKED_AT_MAX,
        "limit": limit,
    }
    return [row[0] for row in tx.execute(_OPEN, values).fetchall()]


_WAITING = f"""
    SELECT u.reference FROM unnest(%(references)s::text[]) AS u(reference)
    WHERE EXISTS (
        SELECT 1 FROM inbound_events e
        JOIN inbound_work w ON w.event_id = e.id AND w.received_at = e.received_at
        WHERE e.reference = u.reference AND e.source = '{INTERNAL}' AND w.lane = '{Lane.CALLS}'
          AND starts_with(e.event_key,
                          '{CommandKind.VERIFY}:' || u.reference || ':' || %(number)s)
          AND NOT EXISTS (SELECT 1 FROM provider_calls c
                          WHERE c.event_id = e.id AND c.ended_at IS NULL))
"""


def waiting(tx: Transaction, references: Sequence[str], *, number: str) -> set[str]:
    """Return the payments about which a question is owed and is not being asked right now.

    Its number begins with `number`. Whoever asks it asks later than this, and so hears of all that
    was so before.
    """
    values = {"references": list(references), "number": number}
    return {row[0] for row in tx.execute(_WAITING, values).fetchall()}


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
