"""Write off: what a lost dispute took of credit that the customer had spent already is our loss.

A person says so, once for each payment. The customer's balance is raised to zero at most, and by
no more than the disputes of the payment took.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from domain import ledger as books
from domain.errors import Refused
from domain.ledger import Leg, Movement
from domain.transitions import State
from workers import approving, limiting, noticing
from workers.apply import CONFLICT_TRIES_MAX, CONFLICT_WAIT_S_MAX, RACE_LOST
from workers.correcting import Done, PaymentChanged, locked
from workers.store import balances, housekeeping, ledger, operators
from workers.store.money_limits import Act

if TYPE_CHECKING:
    from collections.abc import Mapping

    from domain.judgement import Known
    from workers.approving import Performed
    from workers.correcting import Shown
    from workers.database import Database, Transaction
    from workers.limiting import NeedsSecond
    from workers.store.approvals import Approval

KIND = "write_off"
"""The kind of the question that a second person is asked."""

EFFECT = "write_off"
"""The movement's effect; its object is the payment's reference, so that it is there once only."""


class WriteOffUnfounded(Refused):
    """There is nothing of this payment to be written off; the message says why."""

    code = "write_off_unfounded"
    http_status = 409
    title = "There is nothing to write off"


class Planned(NamedTuple):
    """A write-off of a payment whose row is locked, and what it would do."""

    known: Known
    missing_minor: Mapping[str, int]
    shown: Shown


def plan(tx: Transaction, reference: str) -> Planned:
    """Lock the payment and its customer's balances, and say what would be written off.

    Raises PaymentUnknown and WriteOffUnfounded.
    """
    known = locked(tx, reference)
    if known.position.state is not State.CHARGED_BACK:
        state = known.position.state
        raise WriteOffUnfounded(f"'{reference}' is {state}; only what is charged_back is lost")
    if ledger.is_posted(tx, EFFECT, reference):
        raise WriteOffUnfounded(f"'{reference}' was written off before; that is done once")
    taken = _taken(known)
    customer_id = known.asked.customer_id
    found = balances.lock(tx, {(customer_id, currency) for currency in taken})
    before = {currency: found[customer_id, currency].balance_minor for currency in taken}
    missing = {
        currency: min(minor, -before[currency])
        for currency, minor in sorted(taken.items())
        if before[currency] < 0
    }
    if not missing:
        raise WriteOffUnfounded(f"the credit of '{reference}' is not below zero: nothing is lost")
    return Planned(known, missing, _shown(known, before, missing))


def _taken(known: Known) -> dict[str, int]:
    """Return what lost disputes took from the customer, minor units by currency."""
    customer = books.customer_credit(known.asked.customer_id)
    taken: Counter[str] = Counter()
    for (effect, _), legs in known.position.effects.items():
        for (account, currency), amount_minor in legs.items():
            if effect == "chargeback" and account == customer and amount_minor < 0:
                taken[currency] -= amount_minor
    return dict(taken)


def _shown(known: Known, before: Mapping[str, int], missing: Mapping[str, int]) -> dict[str, Any]:
    customer = books.customer_credit(known.asked.customer_id)
    return {
        "reference": known.reference,
        "ledger": [
            {
                "account": account,
                "currency": currency,
                "before_minor": before_minor,
                "after_minor": before_minor + sign * minor,
            }
            for currency, minor in missing.items()
            for account, before_minor, sign in (
                (books.CHARGEBACK_LOSS, 0, -1),
                (customer, before[currency], 1),
            )
        ],
        "moves": dict(missing),
    }


@retry(
    retry=retry_if_exception_type(RACE_LOST),
    stop=stop_after_attempt(CONFLICT_TRIES_MAX),
    wait=wait_random_exponential(max=CONFLICT_WAIT_S_MAX),
    reraise=True,
)
def write_off(
    database: Database,
    reference: str,
    *,
    actor: str,
    reason: str,
    expected: Shown | None = None,
    needs_second: NeedsSecond = limiting.nobody,
) -> Done:
    """Write off what the payment's lost disputes left below zero, or ask a second person.

    `expected` is what was shown to whoever said yes, `needs_second` a further bound of the
    caller's own. Raises as `plan` does, and PaymentChanged.
    """
    with database.transaction() as tx:
        planned = plan(tx, reference)
        if expected is not None and planned.shown != expected:
            raise PaymentChanged(f"'{reference}' has changed meanwhile; look at it again")
        act = Act(KIND, f"payment:{reference}", actor)
        why = limiting.moves_alone(tx, act, planned.missing_minor, needs_second=needs_second)
        if why is not None:
            return Done(planned.shown, _ask(tx, planned, act, reason=reason, why=why))
        write(tx, planned, actor=actor, approved_by=None, reason=reason)
    return Done(planned.shown)


def _ask(tx: Transaction, planned: Planned, act: Act, *, reason: str, why: str) -> int:
    return approving.ask(
        tx,
        act,
        request={"reference": planned.known.reference},
        shown=planned.shown,
        amounts_minor=planned.missing_minor,
        reason=reason,
        why=why,
    )


def write(
    tx: Transaction, planned: Planned, *, actor: str, approved_by: str | None, reason: str
) -> None:
    """Post the loss, and keep who said so."""
    known = planned.known
    customer = books.customer_credit(known.asked.customer_id)
    legs = tuple(
        leg
        for currency, minor in planned.missing_minor.items()
        for leg in (Leg(books.CHARGEBACK_LOSS, -minor, currency), Leg(customer, minor, currency))
    )
    posting = ledger.Posting(
        Movement(EFFECT, known.reference, legs),
        None,
        None,
        housekeeping.now(tx),
        "adjustment",
        f"{known.reference}:{EFFECT}",
        "payratchet",
        about_id=known.payment_id,
    )
    ledger.post(tx, [posting])
    details = {"approved_by": approved_by, **planned.shown}
    subject = f"payment:{known.reference}"
    operators.note(tx, actor, "payment_written_off", subject, reason=reason, details=details)


def shows(tx: Transaction, approval: Approval) -> Shown:
    """Return what the write-off that a second person is asked about would do now."""
    return plan(tx, approval.request["reference"]).shown


def perform(tx: Transaction, approval: Approval, approved_by: str) -> Performed:
    """Write it off, as two people have agreed."""
    planned = plan(tx, approval.request["reference"])
    write(
        tx,
        planned,
        actor=approval.asked_by,
        approved_by=approved_by,
        reason=approval.asked_reason,
    )
    told = noticing.afterwards(planned.known.reference)
    return approving.Performed(planned.shown, told)


PERFORMER = approving.Performer(perform, shows)
"""How an approved write-off is done."""
