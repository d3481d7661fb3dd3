"""Inbound events and the work they still owe."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from workers.database import Transaction


class Work(NamedTuple):
    """An unfinished event, its row locked. `now` is the transaction's own time."""

    event_id: int
    received_at: datetime
    lane: str
    since: datetime
    attempts: int
    crashes: int
    replay_id: int | None
    source: str
    account: str
    event_key: str
    mode: str | None
    body: bytes
    now: datetime


_LOCK = """
    SELECT w.event_id, w.received_at, w.lane, w.since, w.attempts, w.crashes, w.replay_id,
           e.source, e.account, e.event_key, e.mode, e.body, now()
    FROM inbound_work w
    JOIN inbound_events e ON e.id = w.event_id AND e.received_at = w.received_at
    WHERE w.event_id = ANY(%b::bigint[])
    ORDER BY w.event_id
    FOR UPDATE OF w SKIP LOCKED
"""


def lock(tx: Transaction, event_ids: Sequence[int]) -> list[Work]:
    """Return what is still owed of these events, in id order, locked until the transaction ends.

    What is missing was finished before, or is in the hands of another worker right now: both are
    no concern of the caller.
    """
    rows = tx.execute(_LOCK, (list(event_ids),), binary=True).fetchall()
    return [Work(*row) for row in rows]


def finish(tx: Transaction, event_ids: Sequence[int]) -> None:
    """Delete the work rows, in the transaction that applies the effect."""
    tx.execute("DELETE FROM inbound_work WHERE event_id = ANY(%b::bigint[])", (list(event_ids),))


_POSTPONE = """
    UPDATE inbound_work
    SET attempts = attempts + 1, enqueues = 0, next_at = now() + make_interval(secs => %s)
    WHERE event_id = %s
"""


def postpone(tx: Transaction, event_id: int, *, delay_s: float) -> None:
    """Count a failed attempt and say when the next may be."""
    tx.execute(_POSTPONE, (delay_s, event_id))


_REOPEN = """
    INSERT INTO inbound_work (event_id, received_at, lane, next_at, replay_id)
    SELECT u.event_id, u.received_at, %s, now(), %s
    FROM unnest(%b::bigint[], %b::timestamptz[]) AS u(event_id, received_at)
    ON CONFLICT (event_id) DO NOTHING
"""


def reopen(
    tx: Transaction, events: Sequence[tuple[int, datetime]], *, lane: str, replay_id: int
) -> None:
    """Give events that had ended another work row."""
    ids = [event_id for event_id, _ in events]
    times = [received_at for _, received_at in events]
    tx.execute(_REOPEN, (lane, replay_id, ids, times))


class Due(NamedTuple):
    """Work that may be taken up, and how often it has died with its worker."""

    event_id: int
    crashes: int


_DUE = """
    SELECT event_id, crashes FROM inbound_work
    WHERE lane = %s AND (next_at <= now() OR (attempts = 0 AND enqueues = 0))
    ORDER BY next_at LIMIT %s
    FOR UPDATE SKIP LOCKED
"""


def due(tx: Transaction, *, lane: str, limit: int) -> list[Due]:
    """Return unfinished events of a lane that nobody has in hand, oldest first."""
    return [Due(*row) for row in tx.execute(_DUE, (lane, limit)).fetchall()]


_RING_AGAIN = """
    WITH due AS MATERIALIZED (
        SELECT event_id FROM inbound_work
        WHERE next_at <= now() AND lane = ANY(%b::text[])
        ORDER BY next_at LIMIT %s
        FOR UPDATE SKIP LOCKED
    )
    UPDATE inbound_work w
    SET enqueues = least(w.enqueues + 1, 30000),
        next_at = now() + make_interval(secs => least(%s * power(2, least(w.enqueues, 20)), %s))
    FROM due WHERE w.event_id = due.event_id
    RETURNING w.lane, w.event_id, w.crashes
"""


class Ring(NamedTuple):
    """Work to ring for."""

    lane: str
    event_id: int
    crashes: int


def ring_again(
    tx: Transaction, *, lanes: Sequence[str], limit: int, first_s: float, longest_s: float
) -> list[Ring]:
    """Take due work and say when to ring for it next; the caller commits, then rings."""
    rows = tx.execute(_RING_AGAIN, (list(lanes), limit, first_s, longest_s)).fetchall()
    return sorted(Ring(*row) for row in rows)


_CRASHED = """
    UPDATE inbound_work
    SET crashes = crashes + 1, next_at = now(),
        lane = CASE WHEN crashes + 1 >= %s AND %s THEN 'quarantine' ELSE lane END
    WHERE event_id = ANY(%b::bigint[])
    RETURNING event_id, crashes
"""


def crashed(
    tx: Transaction, event_ids: Sequence[int], *, quarantine_after: int
) -> list[tuple[int, int]]:
    """Count a crash against every event of a batch that died with its worker.

    One that was alone, and has done so often enough, goes to the quarantine lane.
    """
    alone = len(event_ids) == 1
    rows = tx.execute(_CRASHED, (quarantine_after, alone, list(event_ids))).fetchall()
    return [(row[0], row[1]) for row in rows]
