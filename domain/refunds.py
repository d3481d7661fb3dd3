"""Our refunds against what is told of them: which of ours a provider's refund is.

A provider names refunds in its own words, often late, and some are only a growing sum. Each object
of the provider settles at most one refund of ours, and what no refund of ours explains was made
without us. Pure; proof is only what is a fact, telling only says which refund is meant.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from domain import outflows
from domain.facts import STATUS_RANK, Fact, FactKind, FactStatus
from domain.ledger import REFUNDS_HELD, Leg, Movement, customer_credit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from domain.asking import ToldRefund
    from domain.money import Money

SUCCEEDED = "succeeded"
FAILED = "failed"
OPEN = ("requested", "sent")
"""Statuses of a refund whose credit is held."""


@dataclass(frozen=True, slots=True)
class Refund:
    """A refund that was asked through us. `object_id` is what settled it, where that has a name."""

    reference: str
    amount: Money
    status: str
    provider_refund_id: str | None = None
    object_id: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether its credit is held."""
        return self.status in OPEN


class Settled(NamedTuple):
    """What became of the refund of this reference."""

    reference: str
    status: str
    object_id: str | None


class Matched(NamedTuple):
    """What changes: refunds that are settled, and new names of those that are not."""

    settled: tuple[Settled, ...]
    named: tuple[tuple[str, str], ...]


def hold(reference: str, customer_id: str, amount: Money) -> Movement:
    """Return the movement that holds a customer's credit for a refund."""
    return Movement("refund_hold", reference, _legs(customer_id, -amount.amount_minor, amount))


def release(reference: str, customer_id: str, amount: Money) -> Movement:
    """Return the movement that gives the held credit back: the refund is made, or never will be."""
    return Movement("refund_release", reference, _legs(customer_id, amount.amount_minor, amount))


def _legs(customer_id: str, of_customer_minor: int, amount: Money) -> tuple[Leg, Leg]:
    return (
        Leg(customer_credit(customer_id), of_customer_minor, amount.currency),
        Leg(REFUNDS_HELD, -of_customer_minor, amount.currency),
    )


def of(told: Iterable[ToldRefund], refund: Refund) -> ToldRefund | None:
    """Return what the provider tells of this very refund, where it says that it is ours."""
    for each in told:
        if refund.reference == each.ours or refund.provider_refund_id == each.provider_refund_id:
            return each
    return None


def match(
    refunds: Sequence[Refund], facts: Sequence[Fact], told: Sequence[ToldRefund] = ()
) -> Matched:
    """Return which refunds the facts, all that are known of the payment, settle.

    `refunds` are all of the payment, oldest first, the settled ones too: what explained them
    explains nothing else. `told` are refunds as the provider has just told of them.
    """
    desk = _Desk({refund.reference: refund for refund in refunds})
    desk.hear(told)
    named = [f for f in facts if f.kind is FactKind.REFUND]
    totals = [f for f in facts if f.kind is FactKind.REFUND_TOTAL]
    desk.settle_named(_settled_objects(named))
    desk.fail_told(told)
    desk.settle_by_total(sum(_left_of_totals(named, totals)), told)
    return desk.changes()


def _settled_objects(named: Sequence[Fact]) -> list[Fact]:
    """Return the objects that have come to an end, each once, in the order of their first fact."""
    last = {}
    for object_id, facts in outflows.by_object(named).items():
        fact = max(facts, key=lambda f: STATUS_RANK[f.status])
        if fact.status is not FactStatus.PENDING:
            last[object_id] = fact
    return list(last.values())


def _left_of_totals(named: Sequence[Fact], totals: Sequence[Fact]) -> list[int]:
    posted, _ = outflows.refunds(named, totals)
    return [each.amount_minor for each in posted if each.effect == "refund_total"]


@dataclass(slots=True)
class _Desk:
    """Refunds being matched, by reference, oldest first."""

    refunds: dict[str, Refund]
    settled: dict[str, Settled] = field(default_factory=dict)
    named: dict[str, str] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    consumed: set[str] = field(default_factory=set)

    def changes(self) -> Matched:
        return Matched(tuple(self.settled.values()), tuple(self.named.items()))

    def hear(self, told: Sequence[ToldRefund]) -> None:
        """Take note of what the provider calls our refunds."""
        for refund in list(self.refunds.values()):
            theirs = of(told, refund)
            if theirs is None:
                continue
            if theirs.object_id is not None:
                self.aliases[theirs.object_id] = refund.reference
            if refund.is_open and refund.provider_refund_id is None:
                named = replace(refund, provider_refund_id=theirs.provider_refund_id, status="sent")
                self.refunds[refund.reference] = named
                self.named[refund.reference] = theirs.provider_refund_id

    def settle_named(self, objects: Sequence[Fact]) -> None:
        """Settle by name, then what is left by equal amount: each object is one refund."""
        left = []
        for fact in objects:
            refund = self._by_name(fact.object_id)
            if refund is None:
                left.append(fact)
            else:
                self._explain(refund, fact)
        for fact in left:
            refund = self._by_amount(fact)
            if refund is not None:
                self._explain(refund, fact)

    def _by_name(self, object_id: str) -> Refund | None:
        if object_id in self.aliases:
            return self.refunds[self.aliases[object_id]]
        for refund in self.refunds.values():
            if object_id in (refund.object_id, refund.provider_refund_id):
                return refund
        return None

    def _by_amount(self, fact: Fact) -> Refund | None:
        """Return the refund that an object of another name must be.

        One that was settled before it had a name, else the oldest that was sent and is open.
        """
        equal = [
            r
            for r in self.refunds.values()
            if r.amount == fact.amount and r.reference not in self.consumed
        ]
        nameless = [
            r
            for r in equal
            if r.object_id is None
            and (r.status == SUCCEEDED or (r.status == FAILED and r.provider_refund_id))
        ]
        sent = [r for r in equal if r.status == "sent"]
        return next(iter(nameless or sent), None)

    def _explain(self, refund: Refund, fact: Fact) -> None:
        self.consumed.add(refund.reference)
        if refund.is_open:
            status = SUCCEEDED if fact.status is FactStatus.SUCCEEDED else FAILED
            self._settle(refund, status, fact.object_id)

    def _settle(self, refund: Refund, status: str, object_id: str | None) -> None:
        self.refunds[refund.reference] = replace(refund, status=status, object_id=object_id)
        self.settled[refund.reference] = Settled(refund.reference, status, object_id)

    def fail_told(self, told: Sequence[ToldRefund]) -> None:
        """Settle what the provider says has failed, even where no webhook has a name for it."""
        for refund in list(self.refunds.values()):
            theirs = of(told, refund)
            if theirs is not None and refund.is_open and theirs.status is FactStatus.FAILED:
                self.consumed.add(refund.reference)
                self._settle(refund, FAILED, None)

    def settle_by_total(self, left_minor: int, told: Sequence[ToldRefund]) -> None:
        """Settle what a total proves beyond all refunds that have names.

        First those that the provider says are made. Where it says nothing of any, a total settles
        those that are open only if it covers them all: a guess among several could take one that
        will fail for one that is made, whose credit would then be held for ever.
        """
        left_minor -= sum(
            r.amount.amount_minor
            for r in self.refunds.values()
            if r.status == SUCCEEDED and r.reference not in self.consumed
        )
        covered = sent = [r for r in self.refunds.values() if r.status == "sent"]
        if told:
            covered = [
                r
                for r in sent
                if (theirs := of(told, r)) is not None and theirs.status is FactStatus.SUCCEEDED
            ]
        elif sum(r.amount.amount_minor for r in sent) > left_minor:
            covered = []
        for refund in covered:
            if refund.amount.amount_minor <= left_minor:
                left_minor -= refund.amount.amount_minor
                self.consumed.add(refund.reference)
                self._settle(refund, SUCCEEDED, None)
