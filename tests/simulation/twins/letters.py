"""Twins of `workers.store.dead_letters` and of the schedule's `workers.store.verifications`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain import commands as ours
from domain.commands import INTERNAL, CommandKind
from domain.transitions import State
from domain.wakeup import Lane
from tests.simulation.rows import LetterRow, VerificationRow
from workers.store.dead_letters import Letter
from workers.store.references import Named
from workers.store.verifications import Due

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from domain.commands import Command
    from domain.judgement import Burial, Known
    from tests.simulation.memory import Memory
    from workers.store.verifications import Next


def bury(tx: Memory, letters: Sequence[Letter]) -> None:
    for letter in letters:
        tx.put(tx.letters, letter.event_id, LetterRow(letter))


def _close(tx: Memory, row: LetterRow) -> None:
    tx.put(tx.letters, row.letter.event_id, row._replace(status="resolved"))


def resolve(tx: Memory, event_ids: Sequence[int], *, actor: str, reason: str) -> int:
    del actor, reason
    found = [tx.letters[each] for each in event_ids if each in tx.letters]
    still = [row for row in found if row.status in ("open", "replaying")]
    for row in still:
        _close(tx, row)
    return len(still)


def resolve_placed(tx: Memory, event_ids: Sequence[int]) -> None:
    still_waiting = {name[2] for name in tx.waiting}
    for event_id in event_ids:
        row = tx.letters.get(event_id)
        if row is not None and event_id not in still_waiting and _is(row, "missing_capture"):
            _close(tx, row)


def resolve_refetched(tx: Memory, event_id: int) -> None:
    row = tx.letters.get(event_id)
    if row is not None and _is(row, "refetch_required"):
        _close(tx, row)


def _is(row: LetterRow, reason: str) -> bool:
    return row.status == "open" and row.letter.reason == reason


def park(
    tx: Memory, event_id: int, burial: Burial, *, fingerprint: str, object_id: str | None
) -> None:
    event = tx.events[event_id]
    told = (event.source, event.account, "unproven", event.reference, object_id)
    why = (burial.reason, burial.error_class, fingerprint, burial.message)
    bury(tx, [Letter(event_id, event.received_at, *told, *why, None, None, 1)])


def raise_again(
    tx: Memory, letter_ids: Sequence[int], *, actor: str, reason: str, replay_id: int
) -> list[tuple[int, datetime]]:
    del actor, reason, replay_id
    raised = []
    for event_id in sorted(letter_ids):
        row = tx.letters[event_id]
        if row.status == "open":
            tx.put(tx.letters, event_id, row._replace(status="replaying"))
            raised.append((event_id, row.letter.received_at))
    return raised


def next_replay_id(tx: Memory) -> int:
    return tx.fresh_id()


def _unknown(tx: Memory) -> list[LetterRow]:
    return [row for row in tx.letters.values() if _is(row, "unknown_reference")]


def of_references(tx: Memory, references: Sequence[str]) -> list[int]:
    return [
        row.letter.event_id
        for row in _unknown(tx)
        if row.letter.reference in references and _is_announced(tx, row.letter)
    ]


def _is_announced(tx: Memory, letter: Letter) -> bool:
    row = tx.payments.get(tx.ids.get(letter.reference or "", 0))
    if row is None:
        return False
    about = (letter.source, letter.account)
    if letter.source == INTERNAL:
        command = ours.parse(tx.events[letter.event_id].body)
        about = (command.provider, command.account)
    return about == (row.provider, row.account)


def of_provider_references(tx: Memory, provider_references: Sequence[str]) -> list[int]:
    return [
        row.letter.event_id
        for row in _unknown(tx)
        if row.letter.provider_reference in provider_references and _is_named(tx, row.letter)
    ]


def _is_named(tx: Memory, letter: Letter) -> bool:
    name = letter.provider_reference
    if letter.reference is not None or name is None:
        return False
    return Named(letter.source, letter.account, name) in tx.aliases


def announced_since(tx: Memory, *, limit: int) -> list[int]:
    found = [
        row.letter.event_id
        for row in _unknown(tx)
        if _is_announced(tx, row.letter) or _is_named(tx, row.letter)
    ]
    return found[:limit]


def enqueue(
    tx: Memory,
    commands: Sequence[Command],
    *,
    request_id: str,
    traceparent: str | None = None,
) -> list[int]:
    del request_id, traceparent
    kept = [
        tx.keep((INTERNAL, "default", each.key), each.body(), each.reference, Lane.CALLS)
        for each in commands
    ]
    return [event_id for event_id in kept if event_id is not None]


def waiting(tx: Memory, references: Sequence[str], *, number: str) -> set[str]:
    live = {row.event_id for row in tx.calls.values() if row.ended_at is None}
    owed = {
        tx.events[row.event_id].key
        for row in tx.work.values()
        if row.lane == Lane.CALLS and row.event_id not in live
    }
    return {
        each
        for each in references
        if any(key.startswith(f"{CommandKind.VERIFY}:{each}:{number}") for key in owed)
    }


def begin(tx: Memory, payment_ids: Sequence[int]) -> None:
    for payment_id in payment_ids:
        if payment_id not in tx.verifications:
            begin_anew(tx, payment_id)


def begin_anew(tx: Memory, payment_id: int) -> None:
    now = tx.clock.now()
    tx.put(tx.verifications, payment_id, VerificationRow(payment_id, 0, now, now))


def due(tx: Memory, *, limit: int, now: datetime | None = None) -> list[Due]:
    by = now or tx.clock.now()
    rows = [row for row in tx.verifications.values() if row.next_at <= by]
    return [_due(tx, row, by) for row in sorted(rows, key=lambda row: row.next_at)[:limit]]


def _due(tx: Memory, row: VerificationRow, now: datetime) -> Due:
    payment = tx.payments[row.payment_id]
    has_open = any(
        each.payment_id == payment.id and not each.is_settled for each in tx.refunds.values()
    )
    return Due(
        payment.id,
        row.step,
        row.since,
        payment.reference,
        payment.provider,
        payment.account,
        State(payment.state),
        has_open,
        now,
    )


def plan(tx: Memory, planned: Sequence[Next]) -> None:
    for each in planned:
        row = tx.verifications[each.payment_id]
        changed = row._replace(step=each.step, next_at=each.next_at)
        tx.put(tx.verifications, each.payment_id, changed)


def end(tx: Memory, payment_ids: Sequence[int]) -> None:
    for payment_id in payment_ids:
        tx.drop(tx.verifications, payment_id)


def settle_letters(tx: Memory, known: Known, *, actor: str, reason: str) -> int:
    del actor, reason
    told_by = tx.told_by.get(known.payment_id, ())
    about = [
        row
        for row in tx.letters.values()
        if _is(row, "mismatch")
        and row.letter.error_class != "TransactionOwned"
        and (row.letter.reference == known.reference or row.letter.event_id in told_by)
    ]
    for row in about:
        _close(tx, row)
    return len(about)


def refused_letters(tx: Memory, known: Known) -> list[int]:
    return [
        row.letter.event_id
        for row in tx.letters.values()
        if _is(row, "illegal_transition") and row.letter.reference == known.reference
    ]


def note(
    tx: Memory,
    actor: str,
    action: str,
    subject: str,
    *,
    reason: str,
    details: Mapping[str, object] | None = None,
) -> None:
    del tx, actor, action, subject, reason, details
