"""Twins of `workers.store.provider_calls`, and of what `workers.store.lives` does to calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.commands import INTERNAL
from domain.tries import LIVE_S_MAX, Asked, Outcome, Try
from domain.wakeup import Lane
from tests.simulation.clock import BEGINS_S
from tests.simulation.rows import CallRow
from tests.simulation.twins.inbox import is_resting
from workers.store.provider_calls import Live, Owed, RefundEvent

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from tests.simulation.memory import Memory
    from workers.store.provider_calls import Begun, Ended


def _live(tx: Memory, debt: str) -> CallRow | None:
    return next((row for row in tx.calls.values() if row.debt == debt and not row.outcome), None)


def _age_s(tx: Memory, row: CallRow) -> float:
    return tx.clock.now_s - row.started_s


def _is_dead(tx: Memory, row: CallRow) -> bool:
    return row.worker in tx.dead_workers


def peek(tx: Memory, event_id: int, *, sole_worker: str | None = None) -> Owed | None:
    work = tx.work.get(event_id)
    if work is None or work.lane != Lane.CALLS:
        return None
    is_in_hand = any(
        row.event_id == event_id
        and not row.outcome
        and _age_s(tx, row) < LIVE_S_MAX
        and row.worker != sole_worker
        and not _is_dead(tx, row)
        for row in tx.calls.values()
    )
    return Owed(tx.events[event_id].body, is_in_hand, is_resting(tx, work))


def is_busy(tx: Memory, debt: str, *, event_id: int = 0, sole_worker: str | None = None) -> bool:
    row = _live(tx, debt)
    if row is None or _age_s(tx, row) >= LIVE_S_MAX or _is_dead(tx, row):
        return False
    return (row.event_id, row.worker) != (event_id, sole_worker)


def live(tx: Memory, debt: str) -> Live | None:
    row = _live(tx, debt)
    if row is None:
        return None
    is_dead = _is_dead(tx, row)
    return Live(row.id, _age_s(tx, row), row.event_id, row.asked, row.worker, is_dead)


def tries(tx: Memory, event_id: int) -> list[Try]:
    ended = [row for row in tx.calls.values() if row.event_id == event_id and row.outcome]
    newest = max((row.id for row in ended), default=0)
    return [
        Try(row.asked, row.outcome, _age_s(tx, row), row.error_class == "ProviderForbids")
        for row in ended
        if row.outcome is not None
        and (
            row.id == newest
            or (row.asked is not Asked.VERIFY and row.outcome is not Outcome.NOT_SENT)
        )
    ]


def begin(tx: Memory, begun: Begun) -> int:
    if _live(tx, begun.debt) is not None:
        tx.refuse("provider_calls_one_live")
    fences = [row.fence for row in tx.calls.values() if row.debt == begun.debt]
    call_id = tx.fresh_id()
    row = CallRow(
        call_id,
        begun.debt,
        max(fences, default=0) + 1,
        begun.event_id,
        begun.asked,
        begun.worker,
        tx.clock.now_s,
    )
    tx.put(tx.calls, call_id, row)
    return call_id


def first_asked_at_s(tx: Memory, debt: str) -> float | None:
    started = [
        row.started_s
        for row in tx.calls.values()
        if row.debt == debt
        and row.asked is Asked.INITIALIZE
        and row.outcome is not Outcome.NOT_SENT
    ]
    return BEGINS_S + min(started) if started else None


def is_current(tx: Memory, call_id: int) -> bool:
    row = tx.calls[call_id]
    newer = any(each.debt == row.debt and each.fence > row.fence for each in tx.calls.values())
    return row.outcome is None and not newer


def end(tx: Memory, call_id: int, ended: Ended) -> None:
    row = tx.calls[call_id]
    if row.outcome is not None:
        tx.refuse("provider_calls_end_once")
    closed = row._replace(
        outcome=ended.outcome, error_class=ended.error_class, ended_at=tx.clock.now()
    )
    tx.put(tx.calls, call_id, closed)


def deaths(tx: Memory, event_id: int, *, since: datetime) -> int:
    ended = [row for row in tx.calls.values() if row.event_id == event_id and row.ended_at]
    alive = max((row.id for row in ended if row.error_class != "WorkerDied"), default=0)
    return sum(
        row.id > alive and row.ended_at is not None and row.ended_at >= since for row in ended
    )


def abandon(tx: Memory, event_id: int, *, worker: str, error_class: str) -> None:
    for row in list(tx.calls.values()):
        if (row.event_id, row.worker, row.outcome) == (event_id, worker, None):
            closed = row._replace(
                outcome=Outcome.UNKNOWN, error_class=error_class, ended_at=tx.clock.now()
            )
            tx.put(tx.calls, row.id, closed)


def ring_for_calls(tx: Memory, workers: list[str]) -> int:
    rung = [row for row in tx.calls.values() if row.worker in workers and not row.outcome]
    for row in rung:
        work = tx.work.get(row.event_id)
        if work is not None and work.lane == Lane.CALLS:
            due = work._replace(next_at=tx.clock.now(), enqueues=1)
            tx.put(tx.work, work.event_id, due)
    return len(rung)


def may_exist(tx: Memory, debt: str, *, initialize_key: str) -> bool:
    answered = any(
        (row.debt, row.asked, row.outcome) == (debt, Asked.INITIALIZE, Outcome.ANSWERED)
        for row in tx.calls.values()
    )
    return answered or tx.dedup.get((INTERNAL, "default", initialize_key)) in tx.work


def refund_events(tx: Memory, payment_ids: Sequence[int]) -> list[RefundEvent]:
    found = []
    for row in tx.refunds.values():
        payment = tx.payments[row.payment_id]
        key = f"refund:{payment.reference}:{row.reference}"
        event_id = tx.dedup.get((INTERNAL, "default", key))
        is_open = row.payment_id in payment_ids and not row.is_settled
        if is_open and event_id is not None and event_id not in tx.work:
            at = tx.events[event_id].received_at
            money = (row.amount.amount_minor, row.amount.currency)
            found.append(RefundEvent(payment.reference, event_id, at, *money))
    return found
