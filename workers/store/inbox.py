"""Inbound events and the work they still owe."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from domain.arrays import Int8s, Texts
from domain.commands import INTERNAL
from domain.retry import CRASHES_BEFORE_SPLIT
from domain.wakeup import Lane

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from workers.database import Transaction


class Work(NamedTuple):
    """An unfinished event, its row locked. `now` is the transaction's own time.

    `key_id` names the secret that signed the event, or the person who wrote it (`operator:NAME`).
    """

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
    request_id: str
    body: bytes
    now: datetime
    key_id: str = ""


ORDINARY = (Lane.EVENTS, Lane.REPLAY)
"""Lanes of what is read and applied at once, many together."""

CALLS = (Lane.CALLS,)
QUARANTINE = (Lane.QUARANTINE,)
"""Lanes whose work only those take up who are there for it."""

_LOCK = """
    SELECT w.event_id, w.received_at, w.lane, w.since, w.attempts, w.crashes, w.replay_id,
           e.source, e.account, e.event_key, e.mode, e.request_id, e.body, now(), e.key_id
    FROM inbound_work w
    JOIN inbound_events e ON e.id = w.event_id AND e.received_at = w.received_at
    WHERE w.event_id = ANY(%b::bigint[])
      AND w.lane = ANY(%b::text[])
      AND (w.crashes < %s OR %s)
    ORDER BY w.event_id
    FOR UPDATE OF w SKIP LOCKED
"""


def lock(
    tx: Transaction, event_ids: Sequence[int], *, lanes: Sequence[Lane] = ORDINARY
) -> list[Work]:
    """Return what is still owed of these events, in id order, locked until the transaction ends.

    What is missing was finished before, or is in the hands of another worker right now: both are
    no concern of the caller. Nor is what is in a lane that is not asked for, whatever old message
    still names it, or what has killed its workers too often: that is given out only alone.
    """
    alone = len(event_ids) == 1
    values = (Int8s(event_ids), Texts(lanes), CRASHES_BEFORE_SPLIT, alone)
    rows = tx.execute(_LOCK, values, binary=True).fetchall()
    return [Work(*row) for row in rows]


_LOCK_ONE = _LOCK.replace(" SKIP LOCKED", "")


def lock_one(tx: Transaction, event_id: int, *, lanes: Sequence[Lane]) -> Work | None:
    """Return what is owed of this event, locked; wait for whoever has it. None: nothing is owed.

    For those who bring an answer that must not be lost because somebody just looked at the row.
    """
    values = (Int8s([event_id]), Texts(lanes), CRASHES_BEFORE_SPLIT, True)
    row = tx.execute(_LOCK_ONE, values, binary=True).fetchone()
    return Work(*row) if row else None


RESTING = "(w.attempts > 0 AND w.enqueues = 0 AND w.next_at > now())"
"""SQL: the work `w` was told to wait, and has not been rung for since. A ring that comes all the
same was sent before."""

_PUT_OFF = f"""
    UPDATE inbound_work w
    SET next_at = now() + make_interval(secs => %s), enqueues = 1
    WHERE event_id = %s AND NOT {RESTING}
"""


def put_off(tx: Transaction, event_id: int, *, delay_s: float) -> None:
    """Say when the work is to be rung for, without counting a failure: somebody has it in hand.

    Somebody has heard the last ring, so that the next ones follow each other as if it was the
    first: should he die, nobody waits for longer because of how often it was put off. Work that was
    told to wait goes on waiting for as long as it was told.
    """
    tx.execute(_PUT_OFF, (delay_s, event_id))


_WAIT = """
    UPDATE inbound_work
    SET attempts = greatest(attempts, 1), enqueues = 0,
        since = CASE WHEN attempts = 0 THEN now() ELSE since END,
        next_at = now() + make_interval(secs => %s)
    WHERE event_id = %s
"""


def wait(tx: Transaction, event_id: int, *, delay_s: float) -> None:
    """Have the work wait, though nothing has failed: its time has not come."""
    tx.execute(_WAIT, (delay_s, event_id))


def finish(tx: Transaction, event_ids: Sequence[int]) -> None:
    """Delete the work rows, in the transaction that applies the effect."""
    tx.execute("DELETE FROM inbound_work WHERE event_id = ANY(%b::bigint[])", (Int8s(event_ids),))


_POSTPONE = """
    UPDATE inbound_work
    SET attempts = attempts + 1, enqueues = 0, crashes = 0,
        since = CASE WHEN attempts = 0 THEN now() ELSE since END,
        next_at = now() + make_interval(secs => %s)
    WHERE event_id = %s
"""


def postpone(tx: Transaction, event_id: int, *, delay_s: float) -> None:
    """Count a failed attempt and say when the next may be.

    The first one starts the clock by which a passing failure may last; a worker that could count
    it has not died of the event.
    """
    tx.execute(_POSTPONE, (delay_s, event_id))


_REOPEN = f"""
    WITH reopened AS (
        SELECT u.event_id, u.received_at, coalesce(e.source = '{INTERNAL}', false) AS is_command
        FROM unnest(%b::bigint[], %b::timestamptz[]) AS u(event_id, received_at)
        LEFT JOIN inbound_events e ON e.id = u.event_id AND e.received_at = u.received_at
    ), work AS (
        INSERT INTO inbound_work (event_id, received_at, lane, next_at, enqueues, replay_id)
        SELECT event_id, received_at, CASE WHEN is_command THEN '{Lane.CALLS}' ELSE %s END,
               now() + CASE WHEN is_command THEN interval '0' ELSE make_interval(secs => %s) END,
               1, %s
        FROM reopened
        ON CONFLICT (event_id) DO NOTHING
    )
    SELECT event_id FROM reopened WHERE is_command ORDER BY event_id
"""


def reopen(
    tx: Transaction,
    events: Sequence[tuple[int, datetime]],
    *,
    lane: str,
    replay_id: int,
    delay_s: float = 0.0,
) -> list[int]:
    """Give events that had ended another work row; nobody else takes it up before `delay_s`.

    Commands go to the lane of calls, whatever `lane` says, and are rung for at once: return those.
    """
    ids = [event_id for event_id, _ in events]
    times = [received_at for _, received_at in events]
    rows = tx.execute(_REOPEN, (ids, times, lane, delay_s, replay_id)).fetchall()
    return [row[0] for row in rows]


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


_HAND_OUT = """
    UPDATE inbound_work
    SET next_at = now() + make_interval(secs => %s), enqueues = greatest(enqueues, 1)
    WHERE event_id = ANY(%b::bigint[])
"""


def hand_out(tx: Transaction, event_ids: Sequence[int], *, for_s: float) -> None:
    """Have nobody rung for these for so long: whoever takes them has them in hand, and may die."""
    if event_ids:
        tx.execute(_HAND_OUT, (for_s, Int8s(event_ids)))


_RING_AGAIN = """
    WITH due AS MATERIALIZED (
        SELECT event_id FROM inbound_work
        WHERE next_at <= now() AND lane = %s
        ORDER BY next_at LIMIT %s
        FOR UPDATE SKIP LOCKED
    )
    UPDATE inbound_work w
    SET enqueues = least(w.enqueues + 1, 30000),
        next_at = now() + make_interval(secs => least(%s * power(2, least(w.enqueues, 20)), %s))
    FROM due WHERE w.event_id = due.event_id
    RETURNING w.event_id, w.crashes
"""


def ring_again(
    tx: Transaction, *, lane: str, limit: int, first_s: float, longest_s: float
) -> list[Due]:
    """Take due work and say when to ring for it next; the caller commits, then rings."""
    rows = tx.execute(_RING_AGAIN, (lane, limit, first_s, longest_s)).fetchall()
    return sorted(Due(*row) for row in rows)


_HURRY = """
    WITH lost AS (
        SELECT event_id FROM inbound_work
        WHERE lane = %(lane)s AND next_at > now() AND enqueues > 1
          AND next_at - make_interval(
                  secs => least(%(first_s)s * power(2, least(enqueues - 1, 20)), %(longest_s)s))
              < now() - make_interval(secs => %(first_s)s)
        ORDER BY next_at LIMIT %(limit)s
        FOR UPDATE SKIP LOCKED
    )
    UPDATE inbound_work w SET next_at = now() FROM lost WHERE w.event_id = lost.event_id
"""


def hurry(tx: Transaction, *, lane: str, limit: int, first_s: float, longest_s: float) -> int:
    """Let work be due that was rung for `first_s` ago or longer, however often; return how much.

    For when no ring waits to be heard. What was told to wait goes on waiting. The delays are those
    of `ring_again`.
    """
    values = {"lane": lane, "limit": limit, "first_s": first_s, "longest_s": longest_s}
    return tx.execute(_HURRY, values).rowcount


_CRASHED = """
    WITH theirs AS (
        SELECT event_id FROM inbound_work WHERE event_id = ANY(%b::bigint[])
        ORDER BY event_id FOR UPDATE SKIP LOCKED
    )
    UPDATE inbound_work w
    SET crashes = crashes + 1, next_at = now(),
        lane = CASE WHEN crashes + 1 >= %s AND %s THEN 'quarantine' ELSE lane END
    FROM theirs WHERE w.event_id = theirs.event_id
    RETURNING w.event_id, w.crashes
"""


def crashed(
    tx: Transaction, event_ids: Sequence[int], *, quarantine_after: int
) -> list[tuple[int, int]]:
    """Count a crash against every event of a batch that died with its worker.

    One that another worker has in hand by now is not counted.
    One that was alone, and has done so often enough, goes to the quarantine lane.
    """
    alone = len(event_ids) == 1
    rows = tx.execute(_CRASHED, (list(event_ids), quarantine_after, alone)).fetchall()
    return [(row[0], row[1]) for row in rows]
