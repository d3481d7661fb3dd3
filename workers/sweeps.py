"""What the relay does, sweep by sweep. Each is one transaction, then at most one ring.

All of them skip rows that somebody else has locked, so any number of relays may run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import redis
import structlog

from domain import retry
from domain.fingerprint import fingerprint
from domain.judgement import MISSING_CAPTURE
from domain.wakeup import QUEUE_LENGTH_HIGH_WATER, Lane
from workers import healing
from workers.broker import probe, ring, waiting_messages
from workers.store import (
    attempts,
    claims,
    dead_letters,
    housekeeping,
    inbox,
    lives,
    reconciliations,
    samples,
    waiting,
)

if TYPE_CHECKING:
    from dramatiq.brokers.redis import RedisBroker

    from workers.database import Database, Transaction

log = structlog.get_logger()

RINGS_PER_SWEEP_MAX = 5_000
CLAIMS_PER_SWEEP_MAX = 100
LETTERS_PER_SWEEP_MAX = 500
"""How much one sweep takes on; the next one comes soon."""

CAPTURE_OVERDUE_S = 24 * 3600
"""How long a refund may wait for its capture before a person looks."""

ROWS_PER_TRIM_MAX = 5_000
TRIMS_PER_SWEEP_MAX = 100
"""How many rows one transaction lets go of, and how many such transactions one sweep has."""

DIFFERENCES_KEPT_DAYS = 90
"""How long after its end the differences that a reconciliation found are kept."""

SESSIONS_KEPT_DAYS = 30
"""How long a session of the console is kept after its end."""

MONTHS_AHEAD = 3
"""Partitions kept ahead of time, so that a relay may be away for long."""

RING_LANES = (Lane.EVENTS, Lane.CALLS, Lane.REPLAY, Lane.QUARANTINE)


def ring_due(database: Database, broker: RedisBroker) -> int:
    """Ring again for work that nobody finished; return how much.

    A lane whose queue is above its high-water mark is left alone: its workers know already, and
    more messages would only make a slow lane slower. Raises redis.RedisError, before anything is
    put off, when Redis takes no messages; workers then take the work themselves.
    """
    probe(broker.client)
    return sum(
        _ring_lane(database, broker, lane)
        for lane in RING_LANES
        if waiting_messages(broker, lane) < QUEUE_LENGTH_HIGH_WATER
    )


def _ring_lane(database: Database, broker: RedisBroker, lane: Lane) -> int:
    with database.transaction() as tx:
        due = inbox.ring_again(
            tx,
            lane=lane,
            limit=RINGS_PER_SWEEP_MAX,
            first_s=retry.RING_DELAY_S_FIRST,
            longest_s=retry.RING_DELAY_S_MAX,
        )
    crashed = [item.event_id for item in due if item.crashes >= retry.CRASHES_BEFORE_SPLIT]
    calm = [item.event_id for item in due if item.crashes < retry.CRASHES_BEFORE_SPLIT]
    ring(broker, lane, calm)
    ring(broker, lane, crashed, alone=True)
    return len(due)


def hurry_unheard(database: Database, broker: RedisBroker) -> int:
    """Let work be due whose rings were lost, however long it was to wait; return how much.

    They were where no ring waits to be heard: Redis forgot them, or those who heard them died, or
    had no store to look them up in. Without Redis workers take from Postgres what is due.
    """
    hurried = 0
    for lane in _silent_lanes(broker):
        with database.transaction() as tx:
            hurried += inbox.hurry(
                tx,
                lane=lane,
                limit=RINGS_PER_SWEEP_MAX,
                first_s=retry.RING_DELAY_S_FIRST,
                longest_s=retry.RING_DELAY_S_MAX,
            )
    return hurried


def _silent_lanes(broker: RedisBroker) -> list[Lane]:
    try:
        probe(broker.client)
        return [lane for lane in RING_LANES if not waiting_messages(broker, lane)]
    except redis.RedisError:
        return list(RING_LANES)


def revive_crashed(database: Database) -> int:
    """Take work back from workers that died with it; return how many batches that were.

    A batch that dies once too often is split, and an event that kills even alone goes to
    quarantine. A mere backlog has no claim, and is never mistaken for a crash.
    """
    with database.transaction() as tx:
        dead = claims.bury_dead(tx, limit=CLAIMS_PER_SWEEP_MAX)
        for event_ids, worker in dead:
            crashed = inbox.crashed(tx, event_ids, quarantine_after=retry.CRASHES_BEFORE_QUARANTINE)
            _record_crashes(tx, crashed, worker)
    if dead:
        log.warning("worker.died", count=len(dead))
    return len(dead)


def _record_crashes(tx: Transaction, crashed: list[tuple[int, int]], worker: str) -> None:
    now = housekeeping.now(tx)
    attempts.record(
        tx,
        [
            attempts.Attempt(
                event_id,
                crashes,
                now,
                worker,
                "crashed",
                "WorkerDied",
                None,
                f"the worker died with this event in hand ({crashes} so far)",
            )
            for event_id, crashes in crashed
        ],
    )


def take_over_calls(database: Database) -> list[str]:
    """Note which workers have died, and have it rung for the calls they had in hand; return them.

    Who takes up such a command decides whether its call is to be waited for all the same.
    """
    with database.transaction(durable=False) as tx:
        dead = lives.note_deaths(tx)
        calls = lives.ring_for_calls(tx, dead) if dead else 0
    if dead:
        log.warning("worker.gone", worker=", ".join(dead), count=calls)
    return dead


def take_up_announced(database: Database) -> int:
    """Take up events that died while their payment was just being announced; return how many.

    An announcement takes up what it finds; this is for the event that was read before it and
    buried after it.
    """
    with database.transaction() as tx:
        return healing.take_up(tx, dead_letters.announced_since(tx, limit=LETTERS_PER_SWEEP_MAX))


def bury_overdue(database: Database) -> int:
    """Set aside refunds and disputes whose capture has not come for a day; return how many."""
    with database.transaction() as tx:
        late = waiting.overdue(tx, age_s=CAPTURE_OVERDUE_S, limit=LETTERS_PER_SWEEP_MAX)
        dead_letters.bury(tx, [_overdue_letter(item) for item in late])
    return len(late)


def _overdue_letter(item: waiting.Overdue) -> dead_letters.Letter:
    reason, error_class, message = (
        MISSING_CAPTURE.reason,
        MISSING_CAPTURE.error_class,
        MISSING_CAPTURE.message,
    )
    return dead_letters.Letter(
        item.event_id,
        item.received_at,
        item.source,
        item.account,
        "waiting",
        item.reference,
        None,
        reason,
        error_class,
        fingerprint(item.source, "waiting", reason, error_class, message),
        message,
        None,
        None,
        1,
    )


def take_sample(database: Database) -> bool:
    """Keep how things are this minute, for the console's plots; return whether nobody had."""
    with database.transaction(durable=False) as tx:
        samples.trim(tx)
        return samples.take(tx)


def keep_house(database: Database, *, retention_days: int) -> None:
    """Make partitions ahead of time, and let go of what is past its time and nobody needs.

    Dropping needs a lock that a long query may withhold; it comes last and by itself, so that it
    never keeps a new partition from being made.
    """
    with database.transaction() as tx:
        housekeeping.ensure_partitions(tx, MONTHS_AHEAD)
        housekeeping.drop_old_variants(tx, retention_days=retention_days)
        lives.trim(tx)
        old = housekeeping.old_partitions(tx, retention_days=retention_days)
    _trim(database)
    for name in old:
        with database.transaction() as tx:
            if housekeeping.drop_partition(tx, name):
                log.warning("partition.dropped", reason=name)


def _trim(database: Database) -> None:
    """Let go of what only the newest of is of use, a little in each transaction."""
    for _ in range(TRIMS_PER_SWEEP_MAX):
        with database.transaction() as tx:
            keys = housekeeping.drop_old_keys(tx, limit=ROWS_PER_TRIM_MAX)
            items = reconciliations.trim(
                tx, older_than_days=DIFFERENCES_KEPT_DAYS, limit=ROWS_PER_TRIM_MAX
            )
            sessions = housekeeping.drop_old_sessions(
                tx, older_than_days=SESSIONS_KEPT_DAYS, limit=ROWS_PER_TRIM_MAX
            )
        if max(keys, items, sessions) < ROWS_PER_TRIM_MAX:
            return
