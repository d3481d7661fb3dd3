"""One step of one replay: keep the lease, begin the next letters, apply them, count what ended.

Two short transactions around the applying, both under the lock of the job's row. Whoever dies in
between leaves letters that are begun; the next driver applies those first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import structlog

from domain.wakeup import IDS_PER_RING_MAX
from workers.apply import apply_events
from workers.replaying import judging
from workers.replaying.limits import LEASE_S, WAIT_S_MAX
from workers.replaying.reopening import reopen_in
from workers.store import dead_letters, replay_items, replays
from workers.telling import nobody

if TYPE_CHECKING:
    from workers.database import Database, Transaction
    from workers.store.replays import Job, Leased
    from workers.telling import Tell

log = structlog.get_logger()


class Driver(NamedTuple):
    """Who drives: a name that nobody else has, a connection a thread, and how it tells changes."""

    database: Database
    name: str
    lease_s: float = LEASE_S
    wait_s: float = WAIT_S_MAX
    tell: Tell = nobody


class Step(NamedTuple):
    """What a step did: how many letters began, how many are in hand, and the job after it.

    `is_ours` is False when another drives the job, or nobody may.
    """

    job: Job | None
    begun: int
    in_hand: int
    is_ours: bool


def step(driver: Driver, replay_id: int) -> Step:
    """Take one step. Raises psycopg.OperationalError when the store is away; nothing is lost then.

    Safe at any number of drivers at once: the lease lets one begin letters, and a work row lets
    one apply each.
    """
    with driver.database.transaction() as tx:
        leased = replays.lease(tx, replay_id, worker=driver.name, lease_s=driver.lease_s)
        if leased is None:
            return Step(replays.look(tx, replay_id), 0, 0, is_ours=False)
        events = _begin(tx, leased)
    if events:
        worker = f"replay:{leased.job.actor}"
        apply_events(driver.database, events, worker=worker, tell=driver.tell)
    with driver.database.transaction() as tx:
        job, in_hand = _count(tx, replay_id, driver.wait_s)
    return Step(job, len(events), in_hand, is_ours=True)


def _begin(tx: Transaction, leased: Leased) -> list[int]:
    """Reopen the next letters; return the events to apply here, those left behind first."""
    job = leased.job
    if leased.is_new:
        replays.note(tx, job.replay_id, "started", actor=dead_letters.SYSTEM, reason=job.reason)
    left = replay_items.unapplied(tx, job.replay_id, limit=IDS_PER_RING_MAX)
    if left or job.status != "running":
        return left
    if judging.end(job, in_hand=1) is not None:
        return []
    count = judging.room(job, in_hand=replay_items.in_hand(tx, job.replay_id))
    items = replay_items.next_items(tx, job.replay_id, limit=count) if count else []
    if not items:
        return []
    reopened = reopen_in(
        tx,
        job.replay_id,
        [item.letter_id for item in items],
        actor=job.actor,
        reason=job.reason,
        killers={item.event_id for item in items if item.kills},
    )
    replay_items.begin(tx, job.replay_id, items, [*reopened.events, *reopened.others])
    return reopened.events


def _count(tx: Transaction, replay_id: int, wait_s: float) -> tuple[Job | None, int]:
    """End the letters that are through with, and the job when it is over."""
    before = replays.lock(tx, replay_id)
    if before is None:
        return None, 0
    ended = replay_items.collect(tx, replay_id, wait_s=wait_s)
    places = [place for each in ended.values() for place in each]
    job = before
    if places:
        moved = replay_items.credit_minor(tx, replay_id, places)
        counts = {name: len(each) for name, each in ended.items()}
        job = replays.add(tx, before, counts, _sum(before.ledger_diff, moved))
    in_hand = replay_items.in_hand(tx, replay_id)
    if before.succeeded < job.canary <= job.succeeded:
        replays.note(
            tx, replay_id, "canary_passed", actor=dead_letters.SYSTEM, reason=f"{job.canary} of it"
        )
    return _end(tx, job, in_hand), in_hand


def _end(tx: Transaction, job: Job, in_hand: int) -> Job:
    """End the job when it is over: an aborted one too waits for the letters in other hands.

    It begins no other meanwhile. Whoever drives no longer would never count what those moved.
    """
    if job.status == "cancelled" and not in_hand:
        replays.end(tx, job.replay_id)
    ends = judging.end(job, in_hand=in_hand) if job.status == "running" else None
    if ends is None or in_hand:
        return job
    replays.turn(tx, job.replay_id, ends.status, why=ends.why, is_end=True)
    replays.note(
        tx,
        job.replay_id,
        ends.status,
        actor=dead_letters.SYSTEM,
        reason=ends.why or f"{job.succeeded} went through, {job.failed} failed",
    )
    log.info("replay.ended", status=ends.status, reason=ends.why, count=job.ended)
    return job._replace(status=ends.status)


def _sum(before: dict[str, int], moved: dict[str, int]) -> dict[str, int]:
    """Add by currency; what comes to nothing is left out."""
    both = {name: before.get(name, 0) + moved.get(name, 0) for name in sorted({*before, *moved})}
    return {name: amount for name, amount in both.items() if amount}
