"""The fold: from what was asked and the set of facts to the payment as it stands.

Pure, and independent of order: any permutation and repetition of the same facts gives the same
state, the same sums and the same net per account. The order of `facts` decides one thing only,
which of several equal captures is named as the one that was credited.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain import captures, outflows, purse
from domain.facts import Fact, FactKind
from domain.payment import Asked, Position
from domain.purse import Purse
from domain.transitions import State

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from domain.captures import Captures
    from domain.outflows import Outflow

    ByKind = Mapping[FactKind, Sequence[Fact]]

EARLY = (FactKind.REFUND, FactKind.REFUND_TOTAL, FactKind.DISPUTE)
"""Facts that say nothing while no capture is known."""


def fold(asked: Asked, facts: Sequence[Fact]) -> Position:
    """Return the payment's position under all facts known, in the order they were stored."""
    by_kind: dict[FactKind, list[Fact]] = {}
    for fact in facts:
        by_kind.setdefault(fact.kind, []).append(fact)
    if FactKind.SUCCEEDED not in by_kind:
        return _without_capture(asked, by_kind)
    return _with_capture(asked, by_kind)


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


def _with_capture(asked: Asked, by_kind: ByKind) -> Position:
    taken = captures.count(asked, by_kind[FactKind.SUCCEEDED])
    refunded, disagree = outflows.refunds(
        by_kind.get(FactKind.REFUND, ()), by_kind.get(FactKind.REFUND_TOTAL, ())
    )
    told = _by_object(by_kind, FactKind.DISPUTE)
    disputes = {
        case: facts for case, facts in told.items() if outflows.is_placed(facts, taken.counted)
    }
    known = [o for o in refunded if o.capture_id is None or o.capture_id in taken.counted]
    early = {o.object_id for o in refunded} - {o.object_id for o in known}
    known += outflows.lost(disputes)
    holder = Purse(asked, taken)
    effects = holder.captures() | holder.outflows(known)
    disagree |= any(outflows.is_contradictory(case) for case in disputes.values())
    contradictions = _contradictions(taken, holder, disagree=disagree)
    currency = asked.amount.currency
    return Position(
        state=State.REVIEW if contradictions else _state(taken, holder, disputes),
        captured_minor=sum(
            m.amount_minor for m in taken.counted.values() if m.currency == currency
        ),
        refunded_minor=_refunded_minor(known, currency),
        disputed_minor=outflows.disputed_minor(disputes, currency),
        effects=effects | purse.fees(asked, _by_object(by_kind, FactKind.FEE)),
        contradictions=contradictions,
        waiting=frozenset(early | (told.keys() - disputes.keys())),
    )


def _by_object(by_kind: ByKind, kind: FactKind) -> outflows.ByObject:
    return outflows.by_object(by_kind.get(kind, ()))


def _contradictions(taken: Captures, holder: Purse, *, disagree: bool) -> frozenset[str]:
    found = {
        "money_in_suspense": any(holder.suspense_minor.values()),
        "captures_disagree": taken.disagree,
        "refund_exceeds_capture": holder.refunded_by_customer_minor > holder.credited_minor,
        "claims_disagree": disagree or holder.has_foreign_outflow,
    }
    return frozenset(name for name, is_so in found.items() if is_so)


def _state(taken: Captures, holder: Purse, disputes: Mapping[str, Sequence[Fact]]) -> State:
    """Return the state of a payment whose claims fit together."""
    if any(not outflows.is_settled(case) for case in disputes.values()):
        return State.DISPUTED
    if any(outflows.is_lost(case) for case in disputes.values()):
        return State.CHARGED_BACK
    if taken.credited_id is None or holder.refunded_by_customer_minor == holder.credited_minor:
        return State.REFUNDED
    return State.PARTIALLY_REFUNDED if holder.refunded_by_customer_minor else State.COMPLETED


def _refunded_minor(known: Iterable[Outflow], currency: str) -> int:
    return sum(o.amount_minor for o in known if o.effect != "chargeback" and o.currency == currency)
