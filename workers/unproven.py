"""Unproven: a person ends a refund of which nobody can prove what became.

Its credit would be held for ever. Ended as failed, the credit is the customer's again. Should the
provider make the refund after all, its word is taken as of any refund: in full, and at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from domain.commands import INTERNAL, Command, CommandKind
from domain.decide import Change
from domain.delivery import ProviderEvent
from domain.errors import Refused
from domain.judgement import Heard
from domain.refunds import FAILED, Matched, Settled
from domain.transitions import Edge, Event
from domain.wakeup import Lane
from workers import approving, limiting, noticing, settling
from workers.apply import CONFLICT_TRIES_MAX, CONFLICT_WAIT_S_MAX, RACE_LOST
from workers.outcome import Outcome
from workers.store import (
    dead_letters,
    housekeeping,
    letter_acts,
    operators,
    payments,
    refunds,
)
from workers.store.inbox import Work
from workers.store.money_limits import Act

if TYPE_CHECKING:
    from collections.abc import Mapping

    from domain.judgement import Known
    from workers.approving import Performed
    from workers.database import Database, Transaction
    from workers.limiting import NeedsSecond
    from workers.store.approvals import Approval

KIND = "refund_failed"
"""The kind of the question that a second person is asked, and what is kept of who did it."""


class RefundUnknown(Refused):
    """Nobody has asked for a refund of this reference."""

    code = "refund_unknown"
    http_status = 404
    title = "There is no such refund"


class RefundSettled(Refused):
    """What became of the refund is proven: nobody ends it otherwise."""

    code = "refund_settled"
    http_status = 409
    title = "The refund has come to an end"


class RefundInHand(Refused):
    """The refund may still be made, or is being asked about: its end is not for a person to say."""

    code = "refund_in_hand"
    http_status = 409
    title = "The refund is under way"


class Planned(NamedTuple):
    """An open refund whose payment is locked, the command that asked for it, and its end."""

    known: Known
    ours: refunds.Asked
    command: Command
    shown: dict[str, Any]

    @property
    def moved_minor(self) -> Mapping[str, int]:
        """Return the credit that its end releases, minor units by currency."""
        amount = self.ours.refund.amount
        return {amount.currency: amount.amount_minor}


class Done(NamedTuple):
    """What came of it: done, or kept as a question for a second person."""

    shown: Mapping[str, Any]
    approval_id: int | None = None


def plan(tx: Transaction, reference: str, *, is_denied: bool) -> Planned:
    """Lock the refund's payment, and say what ending the refund would do.

    `is_denied`: the provider has a refund of this name, and has told whoever asks that it will
    never be made; else one that it has named is its own to end. Raises RefundUnknown,
    RefundSettled, and RefundInHand while work is owed of it, or anybody asks the provider about
    the payment.
    """
    payment = refunds.payment_of(tx, reference)
    if payment is None:
        raise RefundUnknown(f"no refund was asked for as {reference}")
    # All who change the refunds of a payment hold this lock.
    known = payments.lock(tx, [payment])[payment]
    asked = refunds.of_payments(tx, [known.payment_id])[known.payment_id]
    ours = next(each for each in asked if each.refund.reference == reference)
    _require_open(ours, is_denied=is_denied)
    provider, account = known.asked.provider, known.account
    command = Command(CommandKind.REFUND, provider, account, payment, "", refund=reference)
    _require_idle(tx, known, command)
    amount = ours.refund.amount
    shown = {
        "refund": reference,
        "payment": payment,
        "status": FAILED,
        "released_minor": amount.amount_minor,
        "currency": amount.currency,
    }
    return Planned(known, ours, command, shown)


def _require_open(ours: refunds.Asked, *, is_denied: bool) -> None:
    refund = ours.refund
    if not refund.is_open:
        raise RefundSettled(f"{refund.reference} has {refund.status} already")
    if refund.provider_refund_id is not None and not is_denied:
        raise RefundInHand(
            f"the provider has it as {refund.provider_refund_id}: ask there, then `payments verify`"
        )


def _require_idle(tx: Transaction, known: Known, command: Command) -> refunds.Commanded:
    found = refunds.command_of(tx, known.payment_id, command.key)
    if found is None:
        raise RefundUnknown(f"no command of ours asked for {command.refund}")
    if found.is_owed:
        raise RefundInHand(f"a worker is still to do something about {command.refund}")
    if found.is_called:
        raise RefundInHand(f"the provider is being asked about {known.reference}: try again soon")
    return found


@retry(
    retry=retry_if_exception_type(RACE_LOST),
    stop=stop_after_attempt(CONFLICT_TRIES_MAX),
    wait=wait_random_exponential(max=CONFLICT_WAIT_S_MAX),
    reraise=True,
)
def fail(
    database: Database,
    reference: str,
    *,
    actor: str,
    reason: str,
    is_denied: bool = False,
    needs_second: NeedsSecond = limiting.nobody,
) -> Done:
    """End a refund as failed and release its credit, or ask a second person. Raises as `plan`.

    `needs_second` is a further bound of the caller's own.
    """
    with database.transaction() as tx:
        planned = plan(tx, reference, is_denied=is_denied)
        act = Act(KIND, f"payment:{planned.known.reference}", actor)
        why = limiting.moves_alone(tx, act, planned.moved_minor, needs_second=needs_second)
        if why is not None:
            asked = {"refund": reference, "is_denied": is_denied}
            return Done(planned.shown, _ask(tx, planned, asked, act, reason=reason, why=why))
        write(tx, planned, actor=actor, approved_by=None, reason=reason)
    return Done(planned.shown)


def _ask(
    tx: Transaction,
    planned: Planned,
    request: Mapping[str, Any],
    act: Act,
    *,
    reason: str,
    why: str,
) -> int:
    return approving.ask(
        tx,
        act,
        request=request,
        shown=planned.shown,
        amounts_minor=planned.moved_minor,
        reason=reason,
        why=why,
    )


def write(
    tx: Transaction, planned: Planned, *, actor: str, approved_by: str | None, reason: str
) -> None:
    """Settle the refund, release its credit, discard its dead letter; keep who said so, and why.

    The letter comes first: whoever replays it at this moment has either brought work back, which
    is seen then, or finds it closed. Raises RefundInHand in the first case.
    """
    known, command = planned.known, planned.command
    letters = dead_letters.open_of_command(tx, command.key)
    letter_acts.discard(tx, letters, actor=actor, reason=reason)
    work = _as_work(tx, command, _require_idle(tx, known, command))
    outcome = Outcome(actor)
    matched = Matched((Settled(planned.ours.refund.reference, FAILED, None),), ())
    settling.write(tx, outcome, work, known, [planned.ours], matched)
    _note(outcome, work, known, f"refund {command.refund} given up: {reason}", actor=actor)
    outcome.write(tx)
    details = {**planned.shown, "approved_by": approved_by, "dead_letters": letters}
    operators.note(tx, actor, KIND, f"payment:{known.reference}", reason=reason, details=details)


def _as_work(tx: Transaction, command: Command, found: refunds.Commanded) -> Work:
    now = housekeeping.now(tx)
    return Work(
        event_id=found.event_id,
        received_at=found.received_at,
        lane=Lane.CALLS,
        since=now,
        attempts=0,
        crashes=0,
        replay_id=None,
        source=INTERNAL,
        account="default",
        event_key=command.key,
        mode=None,
        request_id="",
        body=command.body(),
        now=now,
    )


def _note(outcome: Outcome, work: Work, known: Known, said: str, *, actor: str) -> None:
    """Write into the payment's history who ended the refund, and why. No fact says so."""
    state = known.position.state
    change = Change((), (Edge(state, Event.REFUND_FAILED, state),), (), known.position, None)
    told = ProviderEvent(said, known.reference)
    provider, account = known.asked.provider, known.account
    heard = Heard(work.event_id, provider, account, None, replayed=False, said=told)
    outcome.change(work, heard, known, change, is_new_name=False, actor=actor)


def shows(tx: Transaction, approval: Approval) -> Mapping[str, Any]:
    """Return what the end that a second person is asked about would do now."""
    return _planned(tx, approval).shown


def perform(tx: Transaction, approval: Approval, approved_by: str) -> Performed:
    """End the refund, as two people have agreed."""
    planned = _planned(tx, approval)
    actor, reason = approval.asked_by, approval.asked_reason
    write(tx, planned, actor=actor, approved_by=approved_by, reason=reason)
    return approving.Performed(planned.shown, noticing.afterwards(planned.known.reference))


def _planned(tx: Transaction, approval: Approval) -> Planned:
    request = approval.request
    return plan(tx, request["refund"], is_denied=request["is_denied"])


PERFORMER = approving.Performer(perform, shows)
"""How an approved end of a refund is done."""
