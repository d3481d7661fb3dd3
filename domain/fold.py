"""The fold: from what was asked and the set of facts to the payment as it stands.

Pure, and independent of order: any permutation and repetition of the same facts gives the same
state, the same sums and the same net per account. The order of `facts` decides one thing only,
which of several equal captures is named as the one that was credited.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from domain import ledger
from domain.facts import STATUS_RANK, Fact, FactKind, FactStatus
from domain.payment import Asked, Position
from domain.transitions import State

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from domain.money import Money

    Net = dict[tuple[str, str], int]
    Effects = dict[tuple[str, str], Net]


class _Outflow(NamedTuple):
    """Money that the provider has given back: a refund, or a dispute that was lost."""

    effect: str
    object_id: str
    currency: str
    amount_minor: int
    capture_id: str | None


class _Captures(NamedTuple):
    """Captures by transaction id, each with the one amount that counts."""

    counted: dict[str, Money]
    as_asked: tuple[str, ...]
    credited_id: str | None
    disagree: bool


def fold(asked: Asked, facts: Sequence[Fact]) -> Position:
    """Return the payment's position under all facts known, in the order they were stored."""
    by_kind: dict[FactKind, list[Fact]] = {}
    for fact in facts:
        by_kind.setdefault(fact.kind, []).append(fact)
    captures = _captures(asked, by_kind.get(FactKind.SUCCEEDED, ()))
    if not captures.counted:
        return _without_capture(asked, by_kind)

    refunds, refunds_disagree = _refunds(by_kind)
    disputes = _by_object(by_kind.get(FactKind.DISPUTE, ()))
    outflows = [*refunds, *_lost(disputes)]
    known = [o for o in outflows if o.capture_id is None or o.capture_id in captures.counted]
    purse = _Purse(asked, captures)
    effects = purse.captures() | purse.outflows(known) | _fees(asked, by_kind)
    contradictions = _contradictions(
        captures, purse, disagree=refunds_disagree or _disputes_disagree(disputes)
    )
    currency = asked.amount.currency
    return Position(
        state=_state(captures, purse, disputes, contradictions),
        captured_minor=_sum(captures.counted.values(), currency),
        refunded_minor=_spent(known, ("refund", "refund_total"), currency),
        disputed_minor=_disputed(disputes, currency),
        effects=effects,
        contradictions=contradictions,
        waiting=len(known) < len(outflows),
    )


def _without_capture(asked: Asked, by_kind: Mapping[FactKind, Sequence[Fact]]) -> Position:
    unheard = FactKind.UNHEARD in by_kind
    contradictions: frozenset[str] = frozenset()
    state = State.PENDING
    if asked.cancelled:
        state = State.CANCELLED
    elif FactKind.FAILED in by_kind:
        state = State.FAILED
    elif unheard:
        state, contradictions = State.REVIEW, frozenset({"unheard"})
    elif FactKind.INITIALIZED in by_kind:
        state = State.PROCESSING
    early = (FactKind.REFUND, FactKind.REFUND_TOTAL, FactKind.DISPUTE)
    return Position(
        state,
        effects=_fees(asked, by_kind),
        contradictions=contradictions,
        waiting=any(kind in by_kind for kind in early),
    )


def _captures(asked: Asked, facts: Sequence[Fact]) -> _Captures:
    """Count each transaction once: as asked if any claim of it says so, else its largest claim."""
    claims: dict[str, set[Money]] = {}
    for fact in facts:
        if fact.amount is not None:
            claims.setdefault(fact.object_id, set()).add(fact.amount)
    as_asked = tuple(dict.fromkeys(f.object_id for f in facts if f.amount == asked.amount))
    counted = {
        object_id: asked.amount if asked.amount in said else max(said)
        for object_id, said in claims.items()
    }
    credited_id = as_asked[0] if as_asked and not asked.cancelled else None
    disagree = any(len(said) > 1 for said in claims.values())
    return _Captures(counted, as_asked, credited_id, disagree)


def _by_object(facts: Iterable[Fact]) -> dict[str, list[Fact]]:
    grouped: dict[str, list[Fact]] = {}
    for fact in facts:
        grouped.setdefault(fact.object_id, []).append(fact)
    return grouped


def _highest(facts: Sequence[Fact]) -> list[Fact]:
    rank = max(STATUS_RANK[fact.status] for fact in facts)
    return [fact for fact in facts if STATUS_RANK[fact.status] == rank]


def _outflow(effect: str, facts: Sequence[Fact]) -> _Outflow:
    """Make one outflow of equal-ranking claims about one object: the largest counts."""
    amount = max(fact.amount for fact in facts if fact.amount is not None)
    links = sorted(fact.capture_id for fact in facts if fact.capture_id is not None)
    return _Outflow(
        effect,
        facts[0].object_id,
        amount.currency,
        amount.amount_minor,
        links[0] if links else None,
    )


def _refunds(by_kind: Mapping[FactKind, Sequence[Fact]]) -> tuple[list[_Outflow], bool]:
    """Return what was refunded, by refund id where known, and whether claims disagree.

    A cumulative total is taken by maximum and counts only for what no refund of the same
    capture explains; a refund that failed later takes its share out of the total.
    """
    refunds = [_highest(facts) for facts in _by_object(by_kind.get(FactKind.REFUND, ())).values()]
    told = [(facts, _outflow("refund", facts)) for facts in refunds]
    done = [refund for facts, refund in told if facts[0].status is FactStatus.SUCCEEDED]
    settled = [refund for facts, refund in told if facts[0].status is not FactStatus.PENDING]
    for facts in _by_object(by_kind.get(FactKind.REFUND_TOTAL, ())).values():
        total = _outflow("refund_total", facts)
        total = total._replace(capture_id=total.capture_id or total.object_id)
        explained_minor = sum(
            refund.amount_minor
            for refund in settled
            if refund.capture_id in (None, total.capture_id)
        )
        if total.amount_minor > explained_minor:
            done.append(total._replace(amount_minor=total.amount_minor - explained_minor))
    disagree = any(len({fact.amount for fact in facts}) > 1 for facts in refunds)
    return done, disagree


def _lost(disputes: Mapping[str, Sequence[Fact]]) -> list[_Outflow]:
    lost = ([f for f in facts if f.status is FactStatus.LOST] for facts in disputes.values())
    return [_outflow("chargeback", facts) for facts in lost if facts]


def _disputes_disagree(disputes: Mapping[str, Sequence[Fact]]) -> bool:
    return any(
        {FactStatus.WON, FactStatus.LOST} <= {fact.status for fact in facts}
        for facts in disputes.values()
    )


def _disputed(disputes: Mapping[str, Sequence[Fact]], currency: str) -> int:
    """Sum the cases that are open or lost."""
    standing = [
        max(fact.amount for fact in facts if fact.amount is not None)
        for facts in disputes.values()
        if {fact.status for fact in facts} != {FactStatus.WON}
        and (not _is_settled(facts) or any(f.status is FactStatus.LOST for f in facts))
    ]
    return _sum(standing, currency)


def _is_settled(facts: Sequence[Fact]) -> bool:
    return any(fact.status in (FactStatus.WON, FactStatus.LOST) for fact in facts)


def _fees(asked: Asked, by_kind: Mapping[FactKind, Sequence[Fact]]) -> Effects:
    """Post fees: an expense, taken by the provider out of what it holds for us."""
    effects: Effects = {}
    for object_id, facts in _by_object(by_kind.get(FactKind.FEE, ())).items():
        fee = max(fact.amount for fact in facts if fact.amount is not None)
        effects["fee", object_id] = {
            (ledger.provider_clearing(asked.provider), fee.currency): fee.amount_minor,
            (ledger.fees(asked.provider), fee.currency): -fee.amount_minor,
        }
    return effects


class _Purse:
    """Whose money the captured money is, and who bears what is given back.

    One capture that is as asked is the customer's; every other is in suspense. An outflow is
    borne by whoever has its capture; where the provider does not name the capture, by suspense
    as far as it reaches and then by the customer, in full and below zero if need be.
    """

    def __init__(self, asked: Asked, captures: _Captures) -> None:
        self._clearing = ledger.provider_clearing(asked.provider)
        self._customer = ledger.customer_credit(asked.customer_id)
        self._currency = asked.amount.currency
        self._captures = captures
        self.credited_minor = asked.amount.amount_minor if captures.credited_id else 0
        self._surplus_minor = asked.amount.amount_minor * (len(captures.as_asked) - 1)
        self.suspense_minor: dict[str, int] = {}
        self.refunded_by_customer_minor = 0
        self.foreign_outflow = False

    def captures(self) -> Effects:
        """Post every capture to its owner."""
        effects: Effects = {}
        for object_id, amount in self._captures.counted.items():
            owner = self._customer
            if object_id != self._captures.credited_id:
                owner = ledger.SUSPENSE
                held = self.suspense_minor.get(amount.currency, 0)
                self.suspense_minor[amount.currency] = held + amount.amount_minor
            effects["capture", object_id] = {
                (self._clearing, amount.currency): -amount.amount_minor,
                (owner, amount.currency): amount.amount_minor,
            }
        return effects

    def outflows(self, known: Sequence[_Outflow]) -> Effects:
        """Post every outflow; those that name their capture first, so that order is no matter."""
        effects: Effects = {}
        for outflow in sorted(known, key=lambda o: o.capture_id is None):
            of_suspense = self._share_of_suspense(outflow)
            of_customer = outflow.amount_minor - of_suspense
            held = self.suspense_minor.get(outflow.currency, 0)
            self.suspense_minor[outflow.currency] = held - of_suspense
            if outflow.currency != self._currency:
                self.foreign_outflow |= of_customer > 0
            elif outflow.effect != "chargeback":
                self.refunded_by_customer_minor += of_customer
            effects[outflow.effect, outflow.object_id] = {
                (self._clearing, outflow.currency): outflow.amount_minor,
                (self._customer, outflow.currency): -of_customer,
                (ledger.SUSPENSE, outflow.currency): -of_suspense,
            }
        return effects

    def _share_of_suspense(self, outflow: _Outflow) -> int:
        """Return how much of it suspense bears.

        Captures that are as asked are alike: which of them came first must not matter, so what is
        given back of any of them comes out of the surplus before the customer's credit.
        """
        if self._captures.credited_id is None:
            return outflow.amount_minor
        if outflow.capture_id is None:
            held = max(0, self.suspense_minor.get(outflow.currency, 0))
            return min(outflow.amount_minor, held)
        if outflow.capture_id not in self._captures.as_asked:
            return outflow.amount_minor
        of_surplus = min(outflow.amount_minor, self._surplus_minor)
        self._surplus_minor -= of_surplus
        return of_surplus


def _contradictions(captures: _Captures, purse: _Purse, *, disagree: bool) -> frozenset[str]:
    found = set()
    if any(purse.suspense_minor.values()):
        found.add("money_in_suspense")
    if captures.disagree:
        found.add("captures_disagree")
    if purse.refunded_by_customer_minor > purse.credited_minor:
        found.add("refund_exceeds_capture")
    if disagree or purse.foreign_outflow:
        found.add("claims_disagree")
    return frozenset(found)


def _state(
    captures: _Captures,
    purse: _Purse,
    disputes: Mapping[str, Sequence[Fact]],
    contradictions: frozenset[str],
) -> State:
    if contradictions:
        return State.REVIEW
    if any(not _is_settled(facts) for facts in disputes.values()):
        return State.DISPUTED
    if any(fact.status is FactStatus.LOST for facts in disputes.values() for fact in facts):
        return State.CHARGED_BACK
    if captures.credited_id is None or purse.refunded_by_customer_minor == purse.credited_minor:
        return State.REFUNDED
    return State.PARTIALLY_REFUNDED if purse.refunded_by_customer_minor else State.COMPLETED


def _sum(amounts: Iterable[Money], currency: str) -> int:
    return sum(amount.amount_minor for amount in amounts if amount.currency == currency)


def _spent(outflows: Iterable[_Outflow], effects: tuple[str, ...], currency: str) -> int:
    return sum(o.amount_minor for o in outflows if o.effect in effects and o.currency == currency)
