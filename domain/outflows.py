"""Outflows: what providers have given back, by refund, by cumulative total, by lost dispute."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from domain.facts import STATUS_RANK, Fact, FactStatus
from domain.money import Money

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

ByObject = dict[str, list[Fact]]
"""The facts about each object, by its id."""


class Outflow(NamedTuple):
    """Money given back. `capture_id` is None where the provider does not say of which capture."""

    effect: str
    object_id: str
    currency: str
    amount_minor: int
    capture_id: str | None


def by_object(facts: Iterable[Fact]) -> ByObject:
    """Group facts by the object that they are about."""
    grouped: ByObject = {}
    for fact in facts:
        grouped.setdefault(fact.object_id, []).append(fact)
    return grouped


Disagreement = tuple[str, frozenset[Money | None]]
"""An object about which claims differ, and all amounts that are said."""


def refunds(
    refunded: Collection[Fact], totals: Collection[Fact]
) -> tuple[list[Outflow], list[Disagreement]]:
    """Return what was refunded, by refund id where known, and the refunds whose claims disagree.

    A cumulative total is taken by maximum and counts only for what no refund of the same
    capture explains. A refund that failed later takes its share out of the total of its capture,
    which had it in; one that names no capture is of a provider whose totals never had it in.
    """
    if not refunded and not totals:
        return [], []
    latest = [_highest(facts) for facts in by_object(refunded).values()]
    told = [(facts[0].status, _outflow("refund", facts)) for facts in latest]
    done = [refund for status, refund in told if status is FactStatus.SUCCEEDED]
    ended = [refund for status, refund in told if status is not FactStatus.PENDING]
    explaining = [r for r in ended if r.capture_id is not None or r in done]
    done.extend(_unexplained(explaining, by_object(totals)))
    said = ((facts[0].object_id, frozenset(f.amount for f in facts)) for facts in latest)
    return done, [each for each in said if len(each[1]) > 1]


def _unexplained(explaining: Sequence[Outflow], totals: ByObject) -> Iterator[Outflow]:
    """Yield what is left of each total.

    Refunds that name the capture explain its total; those that name none explain whatever is
    left, once, in the order of the totals' ids, so that the order of hearing cannot matter.
    """
    unlinked_minor = sum(r.amount_minor for r in explaining if r.capture_id is None)
    for object_id in sorted(totals):
        total = _outflow("refund_total", totals[object_id])
        total = total._replace(capture_id=total.capture_id or object_id)
        linked_minor = sum(r.amount_minor for r in explaining if r.capture_id == total.capture_id)
        rest_minor = max(0, total.amount_minor - linked_minor)
        of_unlinked = min(rest_minor, unlinked_minor)
        unlinked_minor -= of_unlinked
        if rest_minor > of_unlinked:
            yield total._replace(amount_minor=rest_minor - of_unlinked)


def lost(disputes: Mapping[str, Sequence[Fact]]) -> list[Outflow]:
    """Return what lost disputes took."""
    found = ([f for f in facts if f.status is FactStatus.LOST] for facts in disputes.values())
    return [_outflow("chargeback", facts) for facts in found if facts]


def is_placed(facts: Sequence[Fact], captured: Collection[str]) -> bool:
    """Say whether it is known which captured money the claims are about.

    Claims that name no capture are about the payment as a whole.
    """
    links = {fact.capture_id for fact in facts if fact.capture_id is not None}
    return not links or bool(links & set(captured))


def is_settled(dispute: Sequence[Fact]) -> bool:
    """Say whether the case is won or lost."""
    return any(fact.status in (FactStatus.WON, FactStatus.LOST) for fact in dispute)


def is_lost(dispute: Sequence[Fact]) -> bool:
    """Say whether any claim says that the case is lost: that is when money goes."""
    return any(fact.status is FactStatus.LOST for fact in dispute)


def is_contradictory(dispute: Sequence[Fact]) -> bool:
    """Say whether the case is both won and lost."""
    return is_lost(dispute) and any(fact.status is FactStatus.WON for fact in dispute)


def disputed_minor(disputes: Mapping[str, Sequence[Fact]], currency: str) -> int:
    """Sum the cases of the currency that are open or lost."""
    standing = [
        max(fact.amount for fact in facts if fact.amount is not None)
        for facts in disputes.values()
        if is_lost(facts) or not is_settled(facts)
    ]
    return sum(amount.amount_minor for amount in standing if amount.currency == currency)


def _highest(facts: Sequence[Fact]) -> list[Fact]:
    rank = max(STATUS_RANK[fact.status] for fact in facts)
    return [fact for fact in facts if STATUS_RANK[fact.status] == rank]


def _outflow(effect: str, facts: Sequence[Fact]) -> Outflow:
    """Make one outflow of equal-ranking claims about one object: the largest counts."""
    amount = max(fact.amount for fact in facts if fact.amount is not None)
    links = sorted(fact.capture_id for fact in facts if fact.capture_id is not None)
    return Outflow(
        effect,
        facts[0].object_id,
        amount.currency,
        amount.amount_minor,
        links[0] if links else None,
    )
