"""How a provider tells of what happened: the same books, in other words at each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from domain.asking import ToldRefund
from domain.facts import Fact, FactKind, FactStatus
from domain.money import Money

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.simulation.books import Deal, Disputed, Returned


class Habits(NamedTuple):
    """How this provider does things: providers differ in all of it.

    `refunds` how it tells of them: "plain", "linked" to their capture, as "totals", or "both".
    `keeps_ours` its lists show our own reference of a refund. `proves_absence` it says for certain
    that it knows no such payment. `lists_after_s` is how old a refund is before lists show it.
    `names_only` what comes after a capture has no reference of ours.
    """

    has_keys: bool
    can_cancel: bool
    proves_absence: bool
    refunds: str
    keeps_ours: bool
    names_only: bool
    lists_after_s: float


def facts(habits: Habits, deal: Deal, listed: Sequence[Returned]) -> list[Fact]:
    """Return all that is so of a deal, with the refunds that are shown by now."""
    told = [
        Fact(FactKind.SUCCEEDED, name, FactStatus.SUCCEEDED, amount)
        for name, amount in deal.captures.items()
    ]
    told += [fee(deal, name) for name in deal.fees]
    if not told and (deal.is_ended or deal.has_failed):
        told.append(Fact(FactKind.FAILED, deal.id, FactStatus.FAILED))
    for refund in listed:
        told += refund_facts(habits, deal, refund)
    return told or [Fact(FactKind.INITIALIZED, deal.id, FactStatus.KNOWN)]


def refund_facts(habits: Habits, deal: Deal, refund: Returned) -> list[Fact]:
    """Return what is told of a refund: itself, the total of its capture, or both."""
    told, capture_id, status = [], refund.capture_id, refund.status
    if habits.refunds != "totals":
        link = None if habits.refunds == "plain" else capture_id
        told.append(Fact(FactKind.REFUND, refund.id, status, refund.amount, link))
    if habits.refunds in ("totals", "both") and status is FactStatus.SUCCEEDED:
        total = Money(refund.amount.currency, deal.total_minor(capture_id))
        told.append(Fact(FactKind.REFUND_TOTAL, capture_id, status, total, capture_id))
    return told


def told_refund(habits: Habits, refund: Returned) -> ToldRefund:
    """Return a refund as the API shows it."""
    object_id = None if habits.refunds == "totals" else refund.id
    ours = refund.asked_as if habits.keeps_ours else None
    return ToldRefund(refund.id, refund.status, refund.amount, object_id, ours)


def fee(deal: Deal, transaction: str) -> Fact:
    return Fact(FactKind.FEE, transaction, FactStatus.KNOWN, deal.fees[transaction])


def case(disputed: Disputed) -> Fact:
    """Return how a dispute stands."""
    link = disputed.capture_id
    return Fact(FactKind.DISPUTE, disputed.id, disputed.status, disputed.amount, link)
