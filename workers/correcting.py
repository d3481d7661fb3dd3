"""Correct: a person decides what becomes of a payment, and the books follow in one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from domain import correcting
from domain.errors import Refused
from domain.ledger import CUSTOMER_PREFIX
from domain.transitions import State
from workers import approving, healing, history, limiting, noticing
from workers.apply import CONFLICT_TRIES_MAX, CONFLICT_WAIT_S_MAX, RACE_LOST
from workers.history import DecidedBy
from workers.store import corrections, housekeeping, ledger, operators, payments, verifications
from workers.store.money_limits import Act
from workers.telling import nobody

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from domain.correcting import Corrected
    from domain.decide import Change
    from domain.judgement import Known
    from domain.payment import Position
    from workers.approving import Performed
    from workers.database import Database, Transaction
    from workers.limiting import NeedsSecond
    from workers.store.approvals import Approval
    from workers.telling import Tell

KIND = "correction"
"""The kind of the question that a second person is asked."""

Shown = dict[str, Any]
"""What a correction would do, as it is shown and kept: JSON."""


class PaymentUnknown(Refused):
    """Nobody has announced a payment of this reference."""

    code = "payment_unknown"
    http_status = 404
    title = "There is no such payment"


class PaymentChanged(Refused):
    """The correction would do something else by now than what was shown; nothing is done."""

    code = "payment_changed"
    http_status = 409
    title = "The payment has changed"


class Planned(NamedTuple):
    """A correction of a payment whose row is locked, and what it would do."""

    known: Known
    corrected: Corrected
    shown: Shown

    @property
    def moved_minor(self) -> Mapping[str, int]:
        """Return how much money it moves, minor units by currency."""
        return correcting.moved_minor(self.corrected.change)


class Done(NamedTuple):
    """What came of it: done, or kept as a question for a second person."""

    shown: Shown
    approval_id: int | None = None


def plan(tx: Transaction, reference: str, to_state: State) -> Planned:
    """Lock the payment and say what correcting it would do.

    Raises PaymentUnknown, and CorrectionUnfounded where the facts do not bear it.
    """
    known = locked(tx, reference)
    corrected = correcting.correct(known, to_state)
    return Planned(known, corrected, _shown(known, corrected))


def locked(tx: Transaction, reference: str) -> Known:
    """Return the payment, its row locked. Raises PaymentUnknown."""
    known = payments.lock(tx, [reference]).get(reference)
    if known is None:
        raise PaymentUnknown(f"no payment is announced as {reference}")
    return known


@retry(
    retry=retry_if_exception_type(RACE_LOST),
    stop=stop_after_attempt(CONFLICT_TRIES_MAX),
    wait=wait_random_exponential(max=CONFLICT_WAIT_S_MAX),
    reraise=True,
)
def correct(
    database: Database,
    reference: str,
    to_state: State,
    *,
    actor: str,
    reason: str,
    expected: Shown | None = None,
    needs_second: NeedsSecond = limiting.nobody,
    tell: Tell = nobody,
) -> Done:
    """Correct the payment, or ask a second person where it moves more than one may alone.

    `needs_second` is a further bound of the caller's own.

    `expected` is what was shown to whoever said yes. Raises as `plan` does, and PaymentChanged
    when it would now do something else. `tell` is told of the change once that is certain.
    """
    with database.transaction() as tx:
        planned = plan(tx, reference, to_state)
        if expected is not None and planned.shown != expected:
            raise PaymentChanged(f"'{reference}' has changed meanwhile; look at it again")
        act = Act(KIND, f"payment:{reference}", actor)
        why = limiting.moves_alone(tx, act, planned.moved_minor, needs_second=needs_second)
        if why is not None:
            return Done(planned.shown, _ask(tx, planned, act, reason=reason, why=why))
        write(tx, planned, DecidedBy(actor, None, reason))
    tell([reference])
    return Done(planned.shown)


def _ask(tx: Transaction, planned: Planned, act: Act, *, reason: str, why: str) -> int:
    to_state = planned.corrected.correction.to_state
    return approving.ask(
        tx,
        act,
        request={"reference": planned.known.reference, "to_state": to_state},
        shown=planned.shown,
        amounts_minor=planned.moved_minor,
        reason=reason,
        why=why,
    )


def write(tx: Transaction, planned: Planned, by: DecidedBy) -> None:
    """Write the decision, its step, its movements, and the end of the letters that it settles."""
    known, corrected, change = planned.known, planned.corrected, planned.corrected.change
    at = housekeeping.now(tx)
    step, decision = history.corrected(known, change, corrected.correction, by, at)
    books = ledger.prepare(tx, _postings(tx, known, change, at))
    payments.correct(tx, known, step, corrected.asked)
    corrections.add(tx, decision)
    books.write(tx)
    if change.after.state is State.PROCESSING:
        verifications.begin(tx, [known.payment_id])
    said = f"the payment was corrected to {change.after.state}: {by.reason}"
    if change.after.state is not State.REVIEW:
        corrections.settle_letters(tx, known, actor=by.actor, reason=said)
    healing.take_up(tx, corrections.refused_letters(tx, known), reason=said)
    details = {"approved_by": by.approved_by, **planned.shown}
    subject = f"payment:{known.reference}"
    operators.note(tx, by.actor, "payment_corrected", subject, reason=by.reason, details=details)


def _postings(tx: Transaction, known: Known, change: Change, at: datetime) -> list[ledger.Posting]:
    """Return the movements as they are posted; a payment's first credit is its top-up."""
    topped_up = ledger.is_topped_up(tx, known.payment_id)
    postings = []
    for movement in change.movements:
        credits_customer = any(
            leg.account.startswith(CUSTOMER_PREFIX) and leg.amount_minor > 0
            for leg in movement.legs
        )
        kind = "top_up" if credits_customer and not topped_up else "adjustment"
        topped_up = topped_up or credits_customer
        name = f"{known.reference}:{movement.effect}:{movement.object_id}"
        postings.append(
            ledger.Posting(movement, known.payment_id, None, at, kind, name, "payratchet")
        )
    return postings


def _shown(known: Known, corrected: Corrected) -> Shown:
    before, after = known.position, corrected.change.after
    return {
        "reference": known.reference,
        "before": _sums(before),
        "after": _sums(after),
        "ledger": ledger_between(correcting.net(before), correcting.net(after)),
        "moves": dict(correcting.moved_minor(corrected.change)),
    }


def _sums(position: Position) -> Shown:
    return {
        "state": str(position.state),
        "captured_minor": position.captured_minor,
        "refunded_minor": position.refunded_minor,
        "disputed_minor": position.disputed_minor,
        "contradictions": sorted(position.contradictions),
    }


def ledger_between(before: correcting.Net, after: correcting.Net) -> list[Shown]:
    """Return what the payment has moved on each account that changes, before and after."""
    return [
        {
            "account": account,
            "currency": currency,
            "before_minor": before.get((account, currency), 0),
            "after_minor": after.get((account, currency), 0),
        }
        for account, currency in sorted(before.keys() | after.keys())
        if before.get((account, currency), 0) != after.get((account, currency), 0)
    ]


def shows(tx: Transaction, approval: Approval) -> Shown:
    """Return what the correction that a second person is asked about would do now."""
    return _planned(tx, approval).shown


def perform(tx: Transaction, approval: Approval, approved_by: str) -> Performed:
    """Correct the payment, as two people have agreed."""
    planned = _planned(tx, approval)
    write(tx, planned, DecidedBy(approval.asked_by, approved_by, approval.asked_reason))
    return approving.Performed(planned.shown, noticing.afterwards(planned.known.reference))


def _planned(tx: Transaction, approval: Approval) -> Planned:
    return plan(tx, approval.request["reference"], State(approval.request["to_state"]))


PERFORMER = approving.Performer(perform, shows)
"""How an approved correction is done."""
