"""The fold: from what was asked and the set of facts to the payment as it stands.

Pure, and independent of order: any permutation and repetition of the same facts gives the same
state, the same sums and the same net per account. The order of `facts` decides one thing only,
which of several equal captures is named as the one that was credited.

A person's correction cuts the fold: it is decided about the facts known then, and facts permute
freely after it.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from domain import captures, outflows, purse
from domain.facts import Fact, FactKind, FactStatus
from domain.payment import BY_PERSON, Asked, Correction, Position
from domain.purse import Purse
from domain.transitions import State

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from domain.captures import Captures
    from domain.outflows import Outflow
    from domain.purse import Effects

    ByKind = Mapping[FactKind, Sequence[Fact]]

EARLY = (FactKind.REFUND, FactKind.REFUND_TOTAL, FactKind.DISPUTE)
"""Facts that say nothing while no capture is known."""


BEFORE_MONEY = frozenset({FactKind.INITIALIZED, FactKind.FAILED, FactKind.UNHEARD})
"""Facts that say nothing more once a capture is known."""

STAND_INS: Mapping[State, Fact] = MappingProxyType(
    {
        State.PROCESSING: Fact(FactKind.INITIALIZED, "corrected", FactStatus.KNOWN),
        State.FAILED: Fact(FactKind.FAILED, "corrected", FactStatus.FAILED),
    }
)
"""What a decision about a payment without money stands for, where it is like a provider's word."""

NONE: frozenset[str] = frozenset()

Detail = tuple[object, ...]
"""One thing that does not fit: the name of the contradiction, and what it is about."""


def fold(asked: Asked, facts: Sequence[Fact]) -> Position:
    """Return the payment's position under all facts known, in the order they were stored."""
    if asked.correction is not None:
        return _corrected(asked, asked.correction, facts)
    by_kind = _by_kind(facts)
    if FactKind.SUCCEEDED not in by_kind:
        return _without_capture(asked, by_kind)
    return _with_capture(asked, by_kind)


def _by_kind(facts: Iterable[Fact]) -> ByKind:
    by_kind: dict[FactKind, list[Fact]] = {}
    for fact in facts:
        by_kind.setdefault(fact.kind, []).append(fact)
    return by_kind


def _corrected(asked: Asked, correction: Correction, facts: Sequence[Fact]) -> Position:
    """Fold what was known under the decision, and what came later as it is."""
    known, later = facts[: correction.facts_known], facts[correction.facts_known :]
    by_kind = _by_kind(known)
    if FactKind.SUCCEEDED in by_kind:
        settled = _weigh(asked, by_kind, correction).details()
        position = _with_capture(asked, _by_kind(facts), correction, settled)
    elif correction.to_state is State.REVIEW:
        position = fold(replace(asked, correction=None), facts)
    else:
        stand_in = [STAND_INS[s] for s in (correction.to_state,) if s in STAND_INS]
        kept = [fact for fact in known if fact.kind not in BEFORE_MONEY]
        position = fold(replace(asked, correction=None), [*stand_in, *kept, *later])
    if correction.to_state is not State.REVIEW:
        return position
    contradictions = position.contradictions | {BY_PERSON}
    return replace(position, state=State.REVIEW, contradictions=contradictions)


def _without_capture(asked: Asked, by_kind: ByKind) -> Position:
    contradictions: frozenset[str] = frozenset()
    state = State.PENDING
    if asked.cancelled:
        state = State.CANCELLED
    elif FactKind.FAILED in by_kind:
        state = State.FAILED
    elif FactKind.UNHEARD in by_kind:
        state, contradictions = State.REVIEW, frozenset({"unheard"})
    elif FactKind.INITIALIZED in by_kind:
        state = State.PROCESSING
    return Position(
        state,
        effects=purse.fees(asked, _by_object(by_kind, FactKind.FEE)),
        contradictions=contradictions,
        waiting=frozenset(fact.object_id for kind in EARLY for fact in by_kind.get(kind, ())),
    )


class _Weighed(NamedTuple):
    """What is known of a payment whose money has come: who has it, and what does not fit."""

    taken: Captures
    holder: Purse
    effects: Effects
    disputes: Mapping[str, Sequence[Fact]]
    outflows: Sequence[Outflow]
    waiting: frozenset[str]
    disagree: Sequence[outflows.Disagreement]

    def details(self) -> set[Detail]:
        """Return all that does not fit, each so that it is equal while nothing about it changes."""
        holder = self.holder
        found: set[Detail] = set()
        for held in holder.suspense_minor.items():
            if held[1]:
                found.add(("money_in_suspense", *held))
        for currency, amount_minor in holder.refunded_by_customer_minor.items():
            if amount_minor > holder.credited_minor[currency]:
                found.add(("refund_exceeds_capture", currency, amount_minor))
        for case, facts in self.disputes.items():
            if outflows.is_contradictory(facts):
                found.add(("claims_disagree", case))
        if self.taken.disagree or self.disagree or holder.foreign_minor:
            found.update(("captures_disagree", *said) for said in self.taken.disagree)
            found.update(("claims_disagree", *said) for said in self.disagree)
            found.update(("claims_disagree", *borne) for borne in holder.foreign_minor.items())
        return found


def _weigh(asked: Asked, by_kind: ByKind, correction: Correction | None) -> _Weighed:
    accepted = correction.accepted if correction else None
    taken = captures.count(asked, by_kind[FactKind.SUCCEEDED], accepted)
    refunded, disagree = outflows.refunds(
        by_kind.get(FactKind.REFUND, ()), by_kind.get(FactKind.REFUND_TOTAL, ())
    )
    told = _by_object(by_kind, FactKind.DISPUTE)
    disputes = {
        case: facts for case, facts in told.items() if outflows.is_placed(facts, taken.counted)
    }
    known = [o for o in refunded if o.capture_id is None or o.capture_id in taken.counted]
    waiting = NONE
    if len(known) < len(refunded) or len(disputes) < len(told):
        early = {o.object_id for o in refunded} - {o.object_id for o in known}
        waiting = frozenset(early | (told.keys() - disputes.keys()))
    known += outflows.lost(disputes)
    holder = Purse(asked, taken)
    effects = holder.captures()
    if correction:
        effects |= holder.given_back(correction.given_back)
    if known:
        effects |= holder.outflows(known)
    if FactKind.FEE in by_kind:
        effects |= purse.fees(asked, _by_object(by_kind, FactKind.FEE))
    return _Weighed(taken, holder, effects, disputes, known, waiting, disagree)


def _with_capture(
    asked: Asked,
    by_kind: ByKind,
    correction: Correction | None = None,
    settled: Collection[Detail] = (),
) -> Position:
    """Fold what is known with its captures. `settled` is what a person has decided about."""
    weighed = _weigh(asked, by_kind, correction)
    details = weighed.details()
    contradictions = NONE
    if details:
        contradictions = frozenset(str(each[0]) for each in details if each not in settled)
    currency = asked.amount.currency
    given_back = correction.given_back.values() if correction else ()
    return Position(
        state=State.REVIEW if contradictions else _state(weighed),
        captured_minor=sum(
            m.amount_minor for m in weighed.taken.counted.values() if m.currency == currency
        ),
        refunded_minor=_refunded_minor(weighed.outflows, currency)
        + sum(money.amount_minor for money in given_back if money.currency == currency),
        disputed_minor=outflows.disputed_minor(weighed.disputes, currency),
        effects=weighed.effects,
        contradictions=contradictions,
        waiting=weighed.waiting,
    )


def _by_object(by_kind: ByKind, kind: FactKind) -> outflows.ByObject:
    return outflows.by_object(by_kind.get(kind, ()))


def _state(weighed: _Weighed) -> State:
    """Return the state of a payment whose claims fit together."""
    disputes = weighed.disputes.values()
    if disputes and any(not outflows.is_settled(case) for case in disputes):
        return State.DISPUTED
    if disputes and any(outflows.is_lost(case) for case in disputes):
        return State.CHARGED_BACK
    refunded, credited = weighed.holder.refunded_by_customer_minor, weighed.holder.credited_minor
    for currency, amount_minor in credited.items():
        if refunded.get(currency, 0) < amount_minor:
            return State.PARTIALLY_REFUNDED if refunded else State.COMPLETED
    return State.REFUNDED


def _refunded_minor(known: Iterable[Outflow], currency: str) -> int:
    return sum(o.amount_minor for o in known if o.effect != "chargeback" and o.currency == currency)
