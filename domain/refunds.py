"""Our refunds against what is told of them: which of ours a provider's refund is.

A provider names refunds in its own words, often late, and some are only a growing sum; and people
make refunds at its dashboard, of the same amount as ours. So a refund of ours ends by its name
only, and never by what was known before it was asked for; money of no known name means that the
provider is to be asked. Pure; proof is only what is a fact, telling says which refund is meant.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from domain import outflows
from domain.facts import STATUS_RANK, FactKind, FactStatus
from domain.ledger import REFUNDS_HELD, Leg, Movement, customer_credit

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence

    from domain.asking import ToldRefund
    from domain.facts import Fact
    from domain.money import Money

SUCCEEDED = "succeeded"
FAILED = "failed"
SENT = "sent"
OPEN = ("requested", SENT)
"""Statuses of a refund whose credit is held."""


@dataclass(frozen=True, slots=True)
class Refund:
    """A refund that was asked through us.

    `object_id`    what settled it, where that has a name.
    `facts_before` how many facts of the payment, in the order in which they were stored, were
                   known when the provider was first asked for it: none of them is about it.
    """

    reference: str
    amount: Money
    status: str
    provider_refund_id: str | None = None
    object_id: str | None = None
    facts_before: int = 0

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
    """What changes: refunds that are settled, and new names of those that are not.

    `strangers` are objects that have come to an end and whose names are none of our refunds'. As
    long as one of ours is open they may be it by another name: only the provider can say.
    """

    settled: tuple[Settled, ...]
    named: tuple[tuple[str, str], ...]
    strangers: frozenset[str] = frozenset()


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
    known = list(told)
    if refund.provider_refund_id is not None:
        for each in known:
            if each.provider_refund_id == refund.provider_refund_id:
                return each
    return next((each for each in known if each.ours == refund.reference), None)


def is_alike(
    told: Iterable[ToldRefund], refund: Refund, others: Sequence[Refund], facts: Sequence[Fact]
) -> bool:
    """Say whether the provider tells of a refund of this amount that may be this one.

    One that it calls by the name of another refund of ours is not, nor one that was a fact before
    this one was asked for. Of any other nobody can say whether it was made without us, or for us
    without the note that says so. What a webhook has told of counts before a list shows it.
    """
    names = {name for r in others for name in (r.provider_refund_id, r.object_id) if name}
    references = {r.reference for r in others}
    told = list(told)
    names |= {each.object_id for each in told if each.ours in references and each.object_id}
    return _is_told_of(facts[refund.facts_before :], refund, names) or any(
        each.amount == refund.amount
        and each.ours not in references
        and names.isdisjoint((each.provider_refund_id, each.object_id))
        and not _was_known(facts, each.object_id, refund)
        for each in told
    )


def _is_told_of(facts: Sequence[Fact], refund: Refund, names: Container[str]) -> bool:
    """Say whether one of the facts is a refund of this amount, by a name of no other."""
    return any(
        f.kind is FactKind.REFUND
        and f.amount == refund.amount
        and f.status is not FactStatus.FAILED
        and f.object_id not in names
        for f in facts
    )


def _was_known(facts: Sequence[Fact], object_id: str | None, refund: Refund) -> bool:
    """Say whether the object was there before the refund was asked for: it is another one."""
    before = facts[: refund.facts_before]
    return any(f.object_id == object_id and f.kind is FactKind.REFUND for f in before)


def match(
    refunds: Sequence[Refund], facts: Sequence[Fact], told: Sequence[ToldRefund] = ()
) -> Matched:
    """Return which refunds the facts, all that are known of the payment, settle.

    `refunds` are all of the payment, the settled ones too; `facts` are in the order in which they
    were stored; `told` are refunds as the provider has just told of them.
    """
    desk = _Desk({refund.reference: refund for refund in refunds}, facts)
    desk.hear(told)
    ended = _ended(facts)
    desk.settle_named(ended)
    desk.settle_failed()
    desk.settle_nameless(ended)
    totals = {fact.object_id for fact in facts if fact.kind is FactKind.REFUND_TOTAL}
    strangers = totals | {object_id for object_id in ended if desk.named_by(object_id) is None}
    return Matched(tuple(desk.settled.values()), tuple(desk.named.items()), frozenset(strangers))


def _ended(facts: Sequence[Fact]) -> dict[str, FactStatus]:
    """Return how refunds of the provider that have come to an end have ended, by their names."""
    named = outflows.by_object(fact for fact in facts if fact.kind is FactKind.REFUND)
    last = {name: max((f.status for f in of_it), key=_rank) for name, of_it in named.items()}
    return {name: status for name, status in last.items() if status is not FactStatus.PENDING}


def _rank(status: FactStatus) -> int:
    return STATUS_RANK[status]


@dataclass(slots=True)
class _Desk:
    """Refunds being matched, by reference, and all facts of their payment."""

    refunds: dict[str, Refund]
    facts: Sequence[Fact]
    theirs: dict[str, ToldRefund] = field(default_factory=dict)
    settled: dict[str, Settled] = field(default_factory=dict)
    named: dict[str, str] = field(default_factory=dict)

    def hear(self, told: Sequence[ToldRefund]) -> None:
        """Take note of what the provider calls our refunds."""
        for refund in list(self.refunds.values()):
            theirs = of(told, refund)
            if theirs is None or _was_known(self.facts, theirs.object_id, refund):
                continue
            self.theirs[refund.reference] = theirs
            if refund.is_open and refund.provider_refund_id is None:
                named = replace(refund, provider_refund_id=theirs.provider_refund_id, status=SENT)
                self.refunds[refund.reference] = named
                self.named[refund.reference] = theirs.provider_refund_id

    def named_by(self, object_id: str) -> Refund | None:
        """Return our refund of which this is the name."""
        for refund in self.refunds.values():
            theirs = self.theirs.get(refund.reference)
            names = (refund.object_id, refund.provider_refund_id, theirs and theirs.object_id)
            if object_id in names and not _was_known(self.facts, object_id, refund):
                return refund
        return None

    def settle_named(self, ended: Mapping[str, FactStatus]) -> None:
        """Settle what has come to an end under its name."""
        for object_id, status in ended.items():
            refund = self.named_by(object_id)
            if refund is not None and refund.is_open:
                self._settle(refund, status, object_id)

    def settle_failed(self) -> None:
        """Settle what the provider says has failed, even where no webhook has a name for it."""
        for refund in self._told_as(FactStatus.FAILED):
            self._settle(refund, FactStatus.FAILED, None)

    def settle_nameless(self, ended: Mapping[str, FactStatus]) -> None:
        """Settle what the provider says is made under no name, once that much money is posted."""
        for refund in self._told_as(FactStatus.SUCCEEDED):
            is_nameless = self.theirs[refund.reference].object_id is None
            if is_nameless and self._is_covered(refund, ended):
                self._settle(refund, FactStatus.SUCCEEDED, None)

    def _told_as(self, status: FactStatus) -> list[Refund]:
        told = (
            self.refunds[name] for name, theirs in self.theirs.items() if theirs.status is status
        )
        return [refund for refund in told if refund.is_open]

    def _settle(self, refund: Refund, status: FactStatus, object_id: str | None) -> None:
        ended = SUCCEEDED if status is FactStatus.SUCCEEDED else FAILED
        self.refunds[refund.reference] = replace(refund, status=ended, object_id=object_id)
        self.settled[refund.reference] = Settled(refund.reference, ended, object_id)

    def _is_covered(self, refund: Refund, ended: Mapping[str, FactStatus]) -> bool:
        """Say whether money that is posted can be this refund besides all that are made.

        What was posted before a refund was asked for is not its money: from whichever fact on one
        counts, what has been posted since must be enough for all that were asked for since.
        """
        currency = refund.amount.currency
        made = [r for r in self.refunds.values() if r.status == SUCCEEDED]
        made = [r for r in made if ended.get(r.object_id or "") is not FactStatus.FAILED]
        made.append(refund)
        standing = [ended.get(fact.object_id) is not FactStatus.FAILED for fact in self.facts]
        posted_minor = _posted_minor(self.facts, currency)
        for since in {0, *(r.facts_before for r in made)}:
            if since > refund.facts_before:
                continue
            before = [f for f, is_so in zip(self.facts[:since], standing, strict=False) if is_so]
            wanted_minor = sum(r.amount.amount_minor for r in made if r.facts_before >= since)
            if wanted_minor > posted_minor - _posted_minor(before, currency):
                return False
        return True


def _posted_minor(facts: Sequence[Fact], currency: str) -> int:
    """Sum what was given back by these facts."""
    named = [fact for fact in facts if fact.kind is FactKind.REFUND]
    totals = [fact for fact in facts if fact.kind is FactKind.REFUND_TOTAL]
    posted, _ = outflows.refunds(named, totals)
    return sum(each.amount_minor for each in posted if each.currency == currency)
