"""Close together: the answers to first calls are applied many at a time.

What `closing` does for any answer this does for many of the plainest kind: a payment was handed
over, and we know where it is paid. Whatever is otherwise is left to `closing`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from workers.apply import judge_heard
from workers.calling import answers
from workers.calling.begin_together import NotPlain
from workers.calling.case import pinned_mode
from workers.calling.closing import Closed
from workers.calling.kinds import APPLIED, NO_CHANGE
from workers.outcome import Outcome
from workers.store import call_batches, inbox

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.asking import Told
    from domain.judgement import Heard
    from workers.calling.beginning import Begun
    from workers.calling.case import Case
    from workers.database import Database, Transaction
    from workers.lock import Held, Locks
    from workers.telling import Tell

    Modes = dict[tuple[str, str], str]


class Handed(NamedTuple):
    """A payment that was handed over, what was told, and the lock of its debt."""

    begun: Begun
    told: Told
    held: Held


@dataclass(frozen=True, slots=True)
class Closers:
    """How one worker closes calls together.

    `modes` are the worlds of accounts, as far as they were read: pinned once, they stay for good.
    """

    database: Database
    locks: Locks
    worker: str
    tell: Tell
    modes: Modes = field(default_factory=dict)

    def close(self, handed: Sequence[Handed]) -> list[Closed | None]:
        """Return for each what became of the command, or None: to be done alone.

        Whatever it raises, nothing is written. The locks of those that are closed are released.
        """
        outcome, modes = Outcome(self.worker), dict(self.modes)
        with self.database.transaction() as tx:
            closed = _close(tx, outcome, handed, modes)
        self.modes.update(modes)
        changed = outcome.changed
        if changed:
            self.tell(changed)
        self.locks.release(each.held for each in handed if each.begun.call_id in closed)
        return [_became(each, changed) if each.begun.call_id in closed else None for each in handed]


def _became(handed: Handed, changed: set[str]) -> Closed:
    is_changed = handed.begun.case.command.reference in changed
    return Closed(APPLIED if is_changed else NO_CHANGE)


def _close(tx: Transaction, outcome: Outcome, handed: Sequence[Handed], modes: Modes) -> set[int]:
    """Apply the answers as `closing` does; return the calls that were closed.

    `modes` learns what was not known yet. Raises NotPlain when one is late, or is to be set aside.
    """
    found = inbox.lock(tx, [each.begun.case.work.event_id for each in handed], lanes=inbox.CALLS)
    work = {each.event_id: each for each in found}
    told = {
        each.begun.call_id: (replace(each.begun.case, work=work[event_id]), each.told)
        for each in handed
        if (event_id := each.begun.case.work.event_id) in work
    }
    if not told:
        return set()
    heard = [_heard(tx, case, said, modes) for case, said in told.values()]
    known = judge_heard(tx, outcome, [case.work for case, _ in told.values()], heard)
    if outcome.letters:
        raise NotPlain
    pages = []
    for case, said in told.values():
        payment = known.get(case.command.reference)
        if payment is None:
            raise NotPlain
        answers.note(tx, outcome, case, said, payment)
        outcome.end(case.work)
        if said.authorization_url is not None:
            outcome.told.add(case.command.reference)
        url, name = said.authorization_url, said.provider_reference
        pages.append(call_batches.Page(payment.payment_id, url, name))
    ended = [
        call_batches.Answered(call_id, said.status or None, said.answer)
        for call_id, (_, said) in told.items()
    ]
    if call_batches.end(tx, ended) < len(ended):
        raise NotPlain
    with tx.pipeline():
        call_batches.tell(tx, pages)
        outcome.write(tx)
    return set(told)


def _heard(tx: Transaction, case: Case, told: Told, modes: Modes) -> Heard:
    """Return what was told as if a webhook had told it."""
    account = (case.command.provider, case.command.account)
    if told.mode is not None and account not in modes:
        modes[account] = pinned_mode(tx, case, told)
    return case.heard(told.facts, told, "" if told.mode is None else modes[account])
