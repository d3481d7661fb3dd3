"""Twins of `workers.store.payments`, of `references`, `corrections`, `modes`, and of what waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.fold import fold
from domain.judgement import Known
from domain.payment import Asked
from domain.transitions import LEGAL, Edge, Event, State
from workers.store.payments import (
    Details,
    Meant,
    PaymentChangedUnderLock,
    RecordDisagrees,
    Saved,
)
from workers.store.references import AliasTaken, Named
from workers.store.waiting import Overdue

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from domain.facts import Fact
    from domain.payment import Correction
    from tests.simulation.memory import Memory
    from tests.simulation.rows import PaymentRow
    from workers.store.corrections import Decision
    from workers.store.payments import Moved, Step, StoredFact
    from workers.store.references import Alias
    from workers.store.waiting import Placed, Waiting

ENFORCED = frozenset(LEGAL)
"""The rows of `legal_transitions`: the database goes on having them, whatever the code says."""


def lock(tx: Memory, references: Sequence[str]) -> dict[str, Known]:
    found = sorted(tx.ids[each] for each in set(references) if each in tx.ids)
    return {tx.payments[each].reference: known(tx, tx.payments[each]) for each in found}


def look(tx: Memory, reference: str) -> Known | None:
    return lock(tx, [reference]).get(reference)


def asked(tx: Memory, row: PaymentRow) -> Asked:
    decided = tx.decisions.get(row.id)
    correction = decided[-1].correction if decided else None
    return Asked(row.amount, row.provider, row.customer_id, row.cancelled, correction)


def known(tx: Memory, row: PaymentRow) -> Known:
    told, wanted = tx.facts.get(row.id, ()), asked(tx, row)
    position = fold(wanted, told)
    if position.state != row.state:
        tx.rescues["RecordDisagrees"] += 1
        raise RecordDisagrees(f"{row.reference} is stored as {row.state}, not {position.state}")
    return Known(
        row.id, row.reference, wanted, row.account, row.version, row.head_hash, told, position
    )


def move(
    tx: Memory, moved: Sequence[Moved], new: Sequence[StoredFact], steps: Sequence[Step]
) -> Saved:
    for each in moved:
        row = _fenced(tx, each.after.payment_id, each.before_version)
        _add_facts(tx, row.id, each.after.facts, new)
        _add_steps(tx, row.id, [step for step in steps if step.payment_id == row.id])
        tx.put(tx.payments, row.id, _moved(row, each))
    return Saved(0, None)


def _moved(row: PaymentRow, moved: Moved) -> PaymentRow:
    after = moved.after
    return row._replace(
        state=after.position.state,
        captured_minor=after.position.captured_minor,
        refunded_minor=after.position.refunded_minor,
        disputed_minor=after.position.disputed_minor,
        version=after.version,
        head_hash=after.head_hash,
        provider_reference=row.provider_reference or moved.provider_reference,
    )


def _fenced(tx: Memory, payment_id: int, version: int) -> PaymentRow:
    row = tx.payments[payment_id]
    if row.version != version:
        tx.rescues["PaymentChangedUnderLock"] += 1
        raise PaymentChangedUnderLock(row.reference)
    return row


def _add_facts(
    tx: Memory, payment_id: int, told: tuple[Fact, ...], new: Sequence[StoredFact]
) -> None:
    events = tuple(fact.event_id for fact in new if fact.payment_id == payment_id)
    if not events:
        return
    sooner = tx.facts.get(payment_id, ())
    added = told[len(told) - len(events) :]
    if len({fact.key for fact in (*sooner, *added)}) < len(sooner) + len(added):
        tx.refuse("payment_facts_once")
    tx.put(tx.facts, payment_id, (*sooner, *added))
    tx.put(tx.told_by, payment_id, (*tx.told_by.get(payment_id, ()), *events))


def _add_steps(tx: Memory, payment_id: int, steps: Sequence[Step]) -> None:
    sooner = tx.steps.get(payment_id, ())
    versions = {step.version for step in sooner}
    for step in steps:
        edge = Edge(State(step.from_state), Event(step.event), State(step.to_state))
        if edge not in ENFORCED:
            tx.refuse("payment_transitions_legal")
        if step.version in versions:
            tx.refuse("payment_transitions_pkey")
    tx.put(tx.steps, payment_id, (*sooner, *steps))


def cancel(tx: Memory, known: Known, step: Step) -> None:
    row = _fenced(tx, known.payment_id, known.version)
    _add_steps(tx, row.id, [step])
    changed = row._replace(
        cancelled=True, state=step.to_state, version=step.version, head_hash=step.hash
    )
    tx.put(tx.payments, row.id, changed)


def correct(tx: Memory, known: Known, step: Step, asked: Asked) -> None:
    row = _fenced(tx, known.payment_id, known.version)
    _add_steps(tx, row.id, [step])
    changed = row._replace(
        state=step.to_state,
        captured_minor=step.captured_minor,
        refunded_minor=step.refunded_minor,
        disputed_minor=step.disputed_minor,
        cancelled=asked.cancelled,
        corrected=True,
        version=step.version,
        head_hash=step.hash,
    )
    tx.put(tx.payments, row.id, changed)


def details(tx: Memory, payment_id: int) -> Details:
    row = tx.payments[payment_id]
    return Details(row.provider_reference, row.url)


def tell(tx: Memory, payment_id: int, *, url: str | None, name: str | None) -> None:
    row = tx.payments[payment_id]
    changed = row._replace(url=url or row.url, provider_reference=row.provider_reference or name)
    if changed != row:
        tx.put(tx.payments, payment_id, changed)


def meant(tx: Memory, events: Sequence[tuple[int, datetime]]) -> list[Meant]:
    found = []
    for event_id in sorted(event_id for event_id, _ in events):
        event = tx.events[event_id]
        row = tx.payments.get(tx.ids.get(event.reference or "", 0))
        if row is not None and (row.provider, row.account) == (event.source, event.account):
            found.append(Meant(event_id, row.provider, row.account, row.reference))
    return found


def remember(tx: Memory, aliases: Sequence[Alias]) -> list[str]:
    new = []
    for alias in sorted(aliases):
        name = Named(*alias[:3])
        owner = tx.aliases.get(name)
        if owner is None:
            tx.put(tx.aliases, name, alias.payment_id)
            new.append(alias.provider_reference)
        elif owner != alias.payment_id:
            raise AliasTaken("a provider's transaction is another payment's already")
    return new


def find(tx: Memory, named: Sequence[Named]) -> dict[Named, str]:
    return {each: tx.payments[tx.aliases[each]].reference for each in named if each in tx.aliases}


def newest(tx: Memory, payment_ids: Sequence[int]) -> dict[int, Correction]:
    return {each: tx.decisions[each][-1].correction for each in payment_ids if each in tx.decisions}


def add(tx: Memory, decision: Decision) -> None:
    sooner = tx.decisions.get(decision.payment_id, ())
    tx.put(tx.decisions, decision.payment_id, (*sooner, decision))


def pin(tx: Memory, source: str, account: str, *, mode: str, event_id: int) -> str:
    del tx, source, account, mode, event_id
    return "live"


def note(tx: Memory, waiting: Sequence[Waiting]) -> None:
    for each in waiting:
        name = (each.payment_id, each.object_id, each.event_id)
        if name not in tx.waiting:
            tx.put(tx.waiting, name, tx.clock.now())


def clear(tx: Memory, placed: Sequence[Placed]) -> list[int]:
    gone = {(each.payment_id, each.object_id) for each in placed}
    names = [name for name in tx.waiting if name[:2] in gone]
    for name in names:
        tx.drop(tx.waiting, name)
    return sorted({name[2] for name in names})


def overdue(tx: Memory, *, age_s: float, limit: int) -> list[Overdue]:
    now, found = tx.clock.now(), []
    for (payment_id, _, event_id), since in tx.waiting.items():
        letter = tx.letters.get(event_id)
        is_old = (now - since).total_seconds() > age_s
        if is_old and (letter is None or letter.status == "resolved"):
            event, row = tx.events[event_id], tx.payments[payment_id]
            found.append(
                Overdue(event_id, event.received_at, event.source, event.account, row.reference)
            )
    return found[:limit]
