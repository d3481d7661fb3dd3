"""The letters frozen into a replay, and what became of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from domain.arrays import Int4s, Int8s, Texts
from domain.commands import INTERNAL
from domain.retry import CRASHES_BEFORE_SPLIT
from domain.wakeup import Lane
from workers.store.letter_filters import Wanted, condition

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from domain.money import Money
    from workers.database import Transaction

READ_AT_ONCE = 100
"""Bodies of letters that one statement reads."""


def freeze(tx: Transaction, replay_id: int, wanted: Wanted, *, limit: int) -> int:
    """Write down which letters the job is about, oldest first; return how many.

    What dies later is not among them, whatever it has in common with them.
    """
    where, values = condition(wanted)
    query = f"""
        INSERT INTO replay_items (replay_id, place, dead_letter_id, event_id, amount_minor,
                                  currency)
        SELECT %(replay_id)s, row_number() OVER (ORDER BY id), id, event_id, amount_minor, currency
        FROM (SELECT d.* FROM dead_letters d WHERE {where} ORDER BY d.id LIMIT %(limit)s) chosen
    """
    return tx.execute(query, {**values, "replay_id": replay_id, "limit": limit}).rowcount


_SUMS = """
    SELECT currency, sum(amount_minor)::bigint FROM replay_items
    WHERE replay_id = %s AND currency IS NOT NULL GROUP BY 1 ORDER BY 1
"""


def amounts_minor(tx: Transaction, replay_id: int) -> dict[str, int]:
    """Return what the job's letters are about, in minor units by currency."""
    return dict(tx.execute(_SUMS, (replay_id,)).fetchall())


class Unweighed(NamedTuple):
    """A frozen letter of which no amount is known, and its event as it came."""

    place: int
    source: str
    event_key: str
    body: bytes


_UNWEIGHED = f"""
    SELECT i.place, e.source, e.event_key, e.body
    FROM replay_items i
    JOIN dead_letters d ON d.id = i.dead_letter_id
    JOIN inbound_events e ON e.id = d.event_id AND e.received_at = d.received_at
    WHERE i.replay_id = %s AND i.place > %s AND i.amount_minor IS NULL
      AND d.source <> '{INTERNAL}' AND d.reason <> 'crash_loop'
    ORDER BY i.place LIMIT {READ_AT_ONCE}
"""


def unweighed(tx: Transaction, replay_id: int, *, after: int) -> list[Unweighed]:
    """Return the next letters without an amount, those left out that kill whoever reads them."""
    rows = tx.execute(_UNWEIGHED, (replay_id, after)).fetchall()
    return [Unweighed(*row) for row in rows]


_WEIGH = """
    UPDATE replay_items i SET amount_minor = u.amount_minor, currency = u.currency
    FROM unnest(%b::integer[], %b::bigint[], %b::text[]) AS u(place, amount_minor, currency)
    WHERE i.replay_id = %s AND i.place = u.place
"""


def weigh(tx: Transaction, replay_id: int, amounts: Mapping[int, Money]) -> None:
    """Write what letters are about, by place, in the transaction that freezes them."""
    if amounts:
        minor = Int8s([amount.amount_minor for amount in amounts.values()])
        currencies = Texts([amount.currency for amount in amounts.values()])
        tx.execute(_WEIGH, (Int4s(list(amounts)), minor, currencies, replay_id))


_WEIGH_KILLERS = """
    UPDATE replay_items i SET amount_minor = p.amount_minor, currency = p.currency
    FROM dead_letters d
    JOIN inbound_events e ON e.id = d.event_id AND e.received_at = d.received_at
    JOIN payment_logs p ON p.reference = coalesce(d.reference, e.reference)
        AND p.provider = d.source AND p.account = d.account
    WHERE i.replay_id = %s AND i.amount_minor IS NULL AND d.id = i.dead_letter_id
      AND d.reason = 'crash_loop'
"""


def weigh_killers(tx: Transaction, replay_id: int) -> None:
    """Take letters that kill whoever reads them for what their payments were asked for."""
    tx.execute(_WEIGH_KILLERS, (replay_id,))


class Edited(NamedTuple):
    """A frozen, open letter of an event that a person has edited, and what it claims."""

    place: int
    letter_id: int
    event_id: int
    amount_minor: int | None
    currency: str | None


_EDITED = """
    SELECT i.place, i.dead_letter_id, i.event_id, i.amount_minor, i.currency
    FROM event_edits x
    JOIN replay_items i ON i.replay_id = %s AND i.event_id = x.child_event_id
    JOIN dead_letters d ON d.id = i.dead_letter_id
    WHERE d.status = 'open' AND d.reason <> 'crash_loop'
    ORDER BY i.place LIMIT %s
"""


def edited(tx: Transaction, replay_id: int, *, limit: int) -> list[Edited]:
    """Return the letters of edited events, those left out that kill whoever reads them."""
    return [Edited(*row) for row in tx.execute(_EDITED, (replay_id, limit)).fetchall()]


class Item(NamedTuple):
    """A frozen letter whose turn it is. `kills`: it died with whoever applied it."""

    place: int
    letter_id: int
    event_id: int
    kills: bool


_NEXT = """
    SELECT i.place, i.dead_letter_id, i.event_id, d.reason = 'crash_loop'
    FROM replay_items i JOIN dead_letters d ON d.id = i.dead_letter_id
    WHERE i.replay_id = %s AND i.outcome = 'waiting' AND d.status = 'open'
    ORDER BY i.place LIMIT %s
"""
_SKIP = """
    WITH skipped AS (
        UPDATE replay_items
        SET outcome = 'skipped', message = 'it is no longer open', begun_at = now(),
            ended_at = now()
        WHERE replay_id = %(id)s AND outcome = 'waiting'
          AND place < coalesce(%(before)s::integer, 2147483647)
        RETURNING place
    )
    UPDATE replay_jobs SET skipped = skipped + (SELECT count(*) FROM skipped) WHERE id = %(id)s
"""


def next_items(tx: Transaction, replay_id: int, *, limit: int) -> list[Item]:
    """Return the letters whose turn it is; the caller holds the lease, and begins them.

    What was to come before them and is no longer open is skipped, however much that is.
    """
    found = [Item(*row) for row in tx.execute(_NEXT, (replay_id, limit)).fetchall()]
    before = found[0].place if found else None
    tx.execute(_SKIP, {"id": replay_id, "before": before})
    return found


_IN_HAND = "SELECT count(*) FROM replay_items WHERE replay_id = %s AND outcome = 'begun'"


def in_hand(tx: Transaction, replay_id: int) -> int:
    """Return how many letters are begun and have not ended."""
    row = tx.execute(_IN_HAND, (replay_id,)).fetchone()
    return row[0] if row else 0


_BEGIN = """
    UPDATE replay_items
    SET outcome = CASE WHEN event_id = ANY(%(raised)b::bigint[]) THEN 'begun' ELSE 'skipped' END,
        message = CASE WHEN event_id = ANY(%(raised)b::bigint[]) THEN NULL
                       ELSE 'it is no longer open' END,
        ended_at = CASE WHEN event_id = ANY(%(raised)b::bigint[]) THEN NULL ELSE now() END,
        begun_at = now()
    WHERE replay_id = %(id)s AND place = ANY(%(places)b::integer[])
"""


def begin(tx: Transaction, replay_id: int, items: Sequence[Item], raised: Sequence[int]) -> None:
    """Note whose turn has come: those whose events are `raised` are begun, the rest skipped."""
    places = Int4s([item.place for item in items])
    tx.execute(_BEGIN, {"id": replay_id, "raised": Int8s(raised), "places": places})
    skipped = len(items) - len(raised)
    tx.execute("UPDATE replay_jobs SET skipped = skipped + %s WHERE id = %s", (skipped, replay_id))


_UNAPPLIED = f"""
    SELECT i.event_id
    FROM replay_items i
    JOIN inbound_work w ON w.event_id = i.event_id AND w.replay_id = i.replay_id
    WHERE i.replay_id = %s AND i.outcome = 'begun' AND w.lane = '{Lane.REPLAY}'
      AND w.attempts = 0 AND w.crashes < {CRASHES_BEFORE_SPLIT}
    ORDER BY i.place LIMIT %s
"""


def unapplied(tx: Transaction, replay_id: int, *, limit: int) -> list[int]:
    """Return events that are begun and that nobody has applied: their driver may have died.

    What has killed too often is left to the workers, who split and quarantine it.
    """
    return [row[0] for row in tx.execute(_UNAPPLIED, (replay_id, limit)).fetchall()]


_COLLECT = f"""
    WITH seen AS (
        SELECT i.place,
            CASE WHEN w.event_id IS NULL AND d.status = 'resolved' THEN 'succeeded'
                 WHEN w.event_id IS NULL AND d.status = 'discarded' THEN 'skipped'
                 WHEN w.event_id IS NULL AND d.status = 'open' THEN 'failed'
                 WHEN w.replay_id IS DISTINCT FROM i.replay_id THEN 'failed'
                 WHEN w.attempts > 0 AND w.lane <> '{Lane.CALLS}' THEN 'failed'
                 WHEN i.begun_at < now() - make_interval(secs => %(wait_s)s) THEN 'failed'
            END AS outcome,
            CASE WHEN w.event_id IS NULL AND d.status = 'resolved' THEN NULL
                 WHEN w.event_id IS NULL THEN d.reason || ': ' || d.message
                 WHEN w.attempts > 0 AND w.lane <> '{Lane.CALLS}' THEN 'it is tried again later: '
                     || coalesce((SELECT a.message FROM attempts a WHERE a.event_id = i.event_id
                                  ORDER BY a.id DESC LIMIT 1), 'it failed')
                 ELSE 'not finished in time; it goes on by itself' END AS message
        FROM replay_items i
        JOIN dead_letters d ON d.id = i.dead_letter_id
        LEFT JOIN inbound_work w ON w.event_id = i.event_id
        WHERE i.replay_id = %(id)s AND i.outcome = 'begun'
    )
    UPDATE replay_items i SET outcome = seen.outcome, message = seen.message, ended_at = now()
    FROM seen
    WHERE i.replay_id = %(id)s AND i.place = seen.place AND seen.outcome IS NOT NULL
    RETURNING i.place, i.outcome
"""


def collect(tx: Transaction, replay_id: int, *, wait_s: float) -> dict[str, list[int]]:
    """End the letters that are through with; return their places by outcome.

    Nothing is waited for longer than `wait_s`: what is tried again later has failed for now.
    """
    found: dict[str, list[int]] = {"succeeded": [], "failed": [], "skipped": []}
    for place, outcome in tx.execute(_COLLECT, {"id": replay_id, "wait_s": wait_s}).fetchall():
        found[outcome].append(place)
    return found


_CREDIT = """
    WITH item AS MATERIALIZED (
        SELECT i.event_id, i.begun_at, d.received_at, d.source, d.account, d.reference,
               d.provider_reference
        FROM replay_items i JOIN dead_letters d ON d.id = i.dead_letter_id
        WHERE i.replay_id = %s AND i.place = ANY(%b::integer[])
    ), paid AS MATERIALIZED (
        SELECT i.event_id, i.begun_at, p.id AS payment_id
        FROM item i
        JOIN inbound_events e ON e.id = i.event_id AND e.received_at = i.received_at
        JOIN payment_logs p ON p.reference = coalesce(i.reference, e.reference)
        UNION
        SELECT i.event_id, i.begun_at, r.payment_id
        FROM item i
        JOIN provider_references r ON r.provider = i.source AND r.account = i.account
            AND r.provider_reference = i.provider_reference
    ), entry AS (
        SELECT l.movement_id, l.leg, l.account, l.currency, l.amount_minor
        FROM paid i JOIN ledger_entries l ON l.payment_id = i.payment_id
        WHERE l.event_id = i.event_id AND l.at >= i.begun_at
        UNION
        SELECT l.movement_id, l.leg, l.account, l.currency, l.amount_minor
        FROM paid i JOIN refunds f ON f.payment_id = i.payment_id
        JOIN ledger_entries l ON l.payment_id IS NULL AND l.effect = 'refund_release'
            AND l.object_id = f.reference
        WHERE l.event_id = i.event_id AND l.at >= i.begun_at
    )
    SELECT currency, sum(amount_minor)::bigint FROM entry
    WHERE starts_with(account, 'customer_credit:')
    GROUP BY 1 HAVING sum(amount_minor) <> 0 ORDER BY 1
"""


def credit_minor(tx: Transaction, replay_id: int, places: Sequence[int]) -> dict[str, int]:
    """Return by how much customers' credit has changed through these letters, by currency.

    Read from the books, so that it is right whoever applied them.
    """
    if not places:
        return {}
    return dict(tx.execute(_CREDIT, (replay_id, Int4s(places))).fetchall())
