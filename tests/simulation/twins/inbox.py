"""Twins of `workers.store.inbox`, `workers.store.attempts` and `workers.store.claims`."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from domain.commands import INTERNAL
from domain.retry import CRASHES_BEFORE_SPLIT
from domain.wakeup import Lane
from tests.simulation.rows import ClaimRow, WorkRow
from workers.store.inbox import ORDINARY, Due, Work

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from tests.simulation.memory import Memory
    from workers.database import Backend
    from workers.store.attempts import Attempt


def lock(tx: Memory, event_ids: Sequence[int], *, lanes: Sequence[Lane] = ORDINARY) -> list[Work]:
    alone = len(event_ids) == 1
    return [
        _work(tx, row)
        for event_id in sorted(set(event_ids))
        if (row := tx.work.get(event_id)) is not None
        and row.lane in lanes
        and (row.crashes < CRASHES_BEFORE_SPLIT or alone)
    ]


def lock_one(tx: Memory, event_id: int, *, lanes: Sequence[Lane]) -> Work | None:
    return next(iter(lock(tx, [event_id], lanes=lanes)), None)


def _work(tx: Memory, row: WorkRow) -> Work:
    event = tx.events[row.event_id]
    return Work(
        event.id,
        event.received_at,
        row.lane,
        row.since,
        row.attempts,
        row.crashes,
        row.replay_id,
        event.source,
        event.account,
        event.key,
        None,
        "simulated",
        event.body,
        tx.clock.now(),
    )


def is_resting(tx: Memory, row: WorkRow) -> bool:
    return row.attempts > 0 and row.enqueues == 0 and row.next_at > tx.clock.now()


def put_off(tx: Memory, event_id: int, *, delay_s: float) -> None:
    row = tx.work.get(event_id)
    if row is not None and not is_resting(tx, row):
        tx.put(tx.work, event_id, row._replace(next_at=_in(tx, delay_s), enqueues=1))


def wait(tx: Memory, event_id: int, *, delay_s: float) -> None:
    row = tx.work[event_id]
    changed = row._replace(
        attempts=max(row.attempts, 1), enqueues=0, since=_since(tx, row), next_at=_in(tx, delay_s)
    )
    tx.put(tx.work, event_id, changed)


def finish(tx: Memory, event_ids: Sequence[int]) -> None:
    for event_id in event_ids:
        tx.drop(tx.work, event_id)


def postpone(tx: Memory, event_id: int, *, delay_s: float) -> None:
    row = tx.work[event_id]
    changed = row._replace(
        attempts=row.attempts + 1,
        enqueues=0,
        crashes=0,
        since=_since(tx, row),
        next_at=_in(tx, delay_s),
    )
    tx.put(tx.work, event_id, changed)


def _since(tx: Memory, row: WorkRow) -> datetime:
    return row.since if row.attempts else tx.clock.now()


def _in(tx: Memory, delay_s: float) -> datetime:
    return tx.clock.now() + timedelta(seconds=delay_s)


def reopen(
    tx: Memory,
    events: Sequence[tuple[int, datetime]],
    *,
    lane: str,
    replay_id: int,
    delay_s: float = 0.0,
) -> list[int]:
    commands, now = [], tx.clock.now()
    for event_id, _ in events:
        is_command = tx.events[event_id].source == INTERNAL
        if is_command:
            commands.append(event_id)
        if event_id not in tx.work:
            at = now if is_command else _in(tx, delay_s)
            where = Lane.CALLS if is_command else lane
            row = WorkRow(event_id, where, now, at, enqueues=1, replay_id=replay_id)
            tx.put(tx.work, event_id, row)
    return sorted(commands)


def hand_out(tx: Memory, event_ids: Sequence[int], *, for_s: float) -> None:
    for event_id in event_ids:
        row = tx.work[event_id]
        changed = row._replace(next_at=_in(tx, for_s), enqueues=max(row.enqueues, 1))
        tx.put(tx.work, event_id, changed)


def ring_again(tx: Memory, *, lane: str, limit: int, first_s: float, longest_s: float) -> list[Due]:
    now = tx.clock.now()
    due = [row for row in tx.work.values() if row.lane == lane and row.next_at <= now]
    rung = sorted(due, key=lambda row: row.next_at)[:limit]
    for row in rung:
        delay_s = min(first_s * 2 ** min(row.enqueues, 20), longest_s)
        changed = row._replace(enqueues=row.enqueues + 1, next_at=_in(tx, delay_s))
        tx.put(tx.work, row.event_id, changed)
    return sorted(Due(row.event_id, row.crashes) for row in rung)


def crashed(
    tx: Memory, event_ids: Sequence[int], *, quarantine_after: int
) -> list[tuple[int, int]]:
    alone, found = len(event_ids) == 1, []
    for event_id in sorted(event_ids):
        row = tx.work.get(event_id)
        if row is not None:
            crashes = row.crashes + 1
            lane = Lane.QUARANTINE if alone and crashes >= quarantine_after else row.lane
            changed = row._replace(crashes=crashes, next_at=tx.clock.now(), lane=lane)
            tx.put(tx.work, event_id, changed)
            found.append((event_id, crashes))
    return found


def tried(tx: Memory, event_id: int, *, replay_id: int | None) -> int:
    return tx.tried.get((event_id, replay_id), 0)


def record(tx: Memory, attempts: Sequence[Attempt]) -> None:
    for each in attempts:
        if each.outcome == "retry":
            name = (each.event_id, each.replay_id)
            tx.put(tx.tried, name, tx.tried.get(name, 0) + 1)


def take(tx: Memory, event_ids: Sequence[int], *, worker: str, backend: Backend) -> int:
    del backend
    claim_id = tx.fresh_id()
    tx.put(tx.claims, claim_id, ClaimRow(claim_id, worker, tuple(event_ids)))
    return claim_id


def renew(tx: Memory, claim_id: int) -> None:
    del tx, claim_id


def release(tx: Memory, claim_id: int) -> None:
    tx.drop(tx.claims, claim_id)


def bury_dead(tx: Memory, *, limit: int) -> list[tuple[list[int], str]]:
    """A batch is applied in one step of the history: whatever claim is left is a dead worker's."""
    dead = list(tx.claims.values())[:limit]
    for row in dead:
        tx.drop(tx.claims, row.id)
    return [(list(row.event_ids), row.worker) for row in dead]


def now(tx: Memory) -> datetime:
    return tx.clock.now()
