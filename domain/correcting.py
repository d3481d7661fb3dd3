"""Correct: what a person may decide of a payment, and what follows from it for state and money.

Only what the facts leave open is for a person to say. Nothing here takes a customer's credit away
and nothing invents money: that is what refunds and facts are for.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from domain import ledger, outflows
from domain.decide import Change, moved
from domain.errors import Refused
from domain.facts import FactKind
from domain.fold import fold
from domain.money import Money
from domain.payment import Correction
from domain.transitions import Edge, Event, State

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from domain.facts import Fact
    from domain.judgement import Known
    from domain.payment import Asked, Position

Net = dict[tuple[str, str], int]
"""Minor units by account and currency."""

WITHOUT_MONEY = (State.PENDING, State.PROCESSING, State.FAILED, State.CANCELLED)
"""States of a payment for which no money has come."""


class CorrectionUnfounded(Refused):
    """The facts do not bear this correction; the message says what to do instead."""

    code = "correction_unfounded"
    http_status = 409
    title = "The facts do not bear this correction"


@dataclass(frozen=True, slots=True)
class Corrected:
    """What a correction does: what is asked from then on, and its change of state and books."""

    asked: Asked
    correction: Correction
    change: Change


def correct(known: Known, to_state: State) -> Corrected:
    """Return what it means to correct the payment to this state.

    To a state without money: only where none has come. To `review`: from anywhere, no money moves.
    To `refunded`, where nothing is the customer's: what is in suspense was given back without the
    provider's knowledge. To any other: what is in suspense becomes the customer's, what does not
    fit is settled, and the facts must then say that very state. Raises CorrectionUnfounded.
    """
    before = known.position
    if to_state is before.state:
        raise CorrectionUnfounded(f"'{known.reference}' is {to_state} already")
    has_money = any(fact.kind is FactKind.SUCCEEDED for fact in known.facts)
    if to_state is not State.REVIEW and has_money is (to_state in WITHOUT_MONEY):
        raise CorrectionUnfounded(_instead(known, to_state, has_money=has_money))
    asked = _decided(known, to_state)
    after = fold(asked, known.facts)
    if after.state is not to_state:
        raise CorrectionUnfounded(
            f"what the provider says of '{known.reference}' would make it {after.state}, "
            f"with what is in suspense for the customer; only its word leads to {to_state}"
        )
    movements = moved(asked, known.facts, before, after, version=known.version)
    edge = Edge(before.state, Event.CORRECTED, to_state)
    assert asked.correction is not None  # noqa: S101 - `_decided` sets it
    return Corrected(asked, asked.correction, Change((), (edge,), movements, after, None))


def _instead(known: Known, to_state: State, *, has_money: bool) -> str:
    if has_money:
        return (
            f"money has come for '{known.reference}', so it cannot be {to_state}: "
            "have it refunded, or say whose it is"
        )
    return (
        f"no money has come for '{known.reference}', so it cannot be {to_state}: "
        f"have the provider asked, `payratchet payments verify {known.reference}`"
    )


def possible(known: Known) -> list[State]:
    """Return the states that a person may correct the payment to, as it stands."""
    found = []
    for state in State:
        try:
            correct(known, state)
        except CorrectionUnfounded:
            continue
        found.append(state)
    return found


def _decided(known: Known, to_state: State) -> Asked:
    """Return what is asked, with the decision in it."""
    asked, before = known.asked, known.asked.correction
    given_back = dict(before.given_back) if before else {}
    accepted = _owned(known)
    if to_state is State.REFUNDED and not accepted:
        for object_id, amount in _held(known):
            sooner = given_back.get(object_id, Money(amount.currency, 0))
            if sooner.currency != amount.currency:
                raise CorrectionUnfounded(f"the provider tells of {object_id} in two currencies")
            both_minor = sooner.amount_minor + amount.amount_minor
            given_back[object_id] = Money(amount.currency, both_minor)
    elif to_state is not State.REVIEW:
        accepted |= _acceptable(known, given_back)
    cancelled = asked.cancelled
    if to_state in WITHOUT_MONEY:
        cancelled = to_state is State.CANCELLED
    correction = Correction(to_state, accepted, given_back, len(known.facts))
    return replace(asked, cancelled=cancelled, correction=correction)


def _captures(known: Known, account: str) -> dict[str, Money]:
    """Return the captures whose money the account has, in the order of their ids."""
    effects = known.position.effects
    return {
        object_id: Money(currency, amount_minor)
        for effect, object_id in sorted(effects)
        if effect == "capture"
        for (owner, currency), amount_minor in effects[effect, object_id].items()
        if owner == account and amount_minor > 0
    }


def _owned(known: Known) -> dict[str, Money]:
    return _captures(known, ledger.customer_credit(known.asked.customer_id))


def _acceptable(known: Known, given_back: Collection[str]) -> dict[str, Money]:
    """Return what in suspense can become the customer's: what was not given back as a whole."""
    held = suspense(known.position)
    returned = _returned(known.facts)
    return {
        object_id: amount
        for object_id, amount in _captures(known, ledger.SUSPENSE).items()
        if object_id not in given_back
        and held.get(amount.currency, 0) > 0
        and returned[object_id, amount.currency] < amount.amount_minor
    }


def _held(known: Known) -> Iterator[tuple[str, Money]]:
    """Yield what is left in suspense, shared out among the captures that it is of."""
    left = suspense(known.position)
    for object_id, amount in _captures(known, ledger.SUSPENSE).items():
        minor = min(amount.amount_minor, left.get(amount.currency, 0))
        if minor > 0:
            left[amount.currency] -= minor
            yield object_id, Money(amount.currency, minor)


def _returned(facts: Sequence[Fact]) -> Counter[tuple[str, str]]:
    """Sum what was given back of each capture that is named, by capture and currency."""
    by_kind = {kind: [f for f in facts if f.kind is kind] for kind in FactKind}
    gone, _ = outflows.refunds(by_kind[FactKind.REFUND], by_kind[FactKind.REFUND_TOTAL])
    gone += outflows.lost(outflows.by_object(by_kind[FactKind.DISPUTE]))
    returned: Counter[tuple[str, str]] = Counter()
    for each in gone:
        if each.capture_id is not None:
            returned[each.capture_id, each.currency] += each.amount_minor
    return returned


def net(position: Position) -> Net:
    """Return what the payment has moved on every account, without what is level."""
    found: Counter[tuple[str, str]] = Counter()
    for legs in position.effects.values():
        found.update(legs)
    return {key: amount_minor for key, amount_minor in sorted(found.items()) if amount_minor}


def suspense(position: Position) -> dict[str, int]:
    """Return what of the payment's money is in suspense, minor units by currency."""
    return {
        currency: amount_minor
        for (account, currency), amount_minor in net(position).items()
        if account == ledger.SUSPENSE
    }


def moved_minor(change: Change) -> Mapping[str, int]:
    """Return how much money the change moves, minor units by currency, whatever the direction."""
    total: Counter[str] = Counter()
    for movement in change.movements:
        for leg in movement.legs:
            total[leg.currency] += max(0, leg.amount_minor)
    return total
