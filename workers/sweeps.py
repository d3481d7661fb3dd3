"""What the relay does, sweep by sweep. Each is one transaction, then at most one ring.

All of them skip rows that somebody else has locked, so any number of relays may run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from domain import retry
from domain.fingerprint import fingerprint
from domain.judgement import MISSING_CAPTURE
from domain.wakeup import QUEUE_LENGTH_HIGH_WATER, Lane
from workers import replay
from workers.broker import ring, waiting_messages
from workers.store import attempts, claims, dead_letters, housekeeping, inbox, waiting

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

MONTHS_AHEAD = 3
"""Partitions kept ahead of time, so that a relay may be away for long."""

RING_LANES = (Lane.EVENTS, Lane.REPLAY, Lane.QUARANTINE)


def ring_due(database: Database, broker: RedisBroker) -> int:
    """Ring again for work that nobody finished; return how much.

    A lane whose queue is above its high-water mark is left alone: its workers know already, and
    more messages would only make a slow lane slower.
    """
    lanes = [
        lane for lane in RING_LANES if waiting_messages(broker, lane) < QUEUE_LENGTH_HIGH_WATER
    ]
    with database.transaction() as tx:
        due = inbox.ring_again(
            tx,
            lanes=lanes,
            limit=RINGS_PER_SWEEP_MAX,
            first_s=retry.RING_DELAY_S_FIRST,
            longest_s=retry.RING_DELAY_S_MAX,
        )
    for lane in lanes:
        mine = [item for item in due if item.lane == lane]
        crashed = [i.event_id for i in mine if i.crashes >= retry.CRASHES_BEFORE_SPLIT]
        ring(broker, lane, [i.event_id for i in mine if i.crashes < retry.CRASHES_BEFORE_SPLIT])
        ring(broker, lane, crashed, alone=True)
    return len(due)


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


def take_up_announced(database: Database) -> int:
    """Apply events that came before their payment was announced; return how many."""
    with database.transaction() as tx:
        letter_ids = dead_letters.announced_since(tx, limit=LETTERS_PER_SWEEP_MAX)
    if not letter_ids:
        return 0
    _, event_ids = replay.reopen(
        database,
        letter_ids,
        lane=Lane.EVENTS,
        actor=dead_letters.SYSTEM,
        reason="the payment has been announced",
    )
    return len(event_ids)


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


def keep_house(database: Database, *, retention_days: int) -> None:
    """Make partitions ahead of time, drop those that nobody needs, bound the refusals.

    Dropping needs a lock that a long query may withhold; it comes last and by itself, so that it
    never keeps a new partition from being made.
    """
    with database.transaction() as tx:
        housekeeping.ensure_partitions(tx, MONTHS_AHEAD)
        housekeeping.trim_refusals(tx)
    with database.transaction() as tx:
        dropped = housekeeping.drop_old_partitions(tx, retention_days=retention_days)
    if dropped:
        log.warning("partitions.dropped", count=len(dropped), reason=", ".join(dropped))
