"""Where a payment stands by the provider's books alone: the fold's answer, without the fold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.facts import FactStatus
from domain.transitions import State

if TYPE_CHECKING:
    from tests.simulation.books import Deal
    from tests.simulation.rows import PaymentRow

WAITING = frozenset({State.PENDING, State.PROCESSING, State.REVIEW})
"""Where a payment may stand of which nothing is heard."""


def expected(row: PaymentRow, deal: Deal) -> frozenset[State] | None:
    """Return where a payment may stand; None where that takes more than a glance to say."""
    if not deal.captures:
        return _without_money(row, deal)
    as_asked = sum(amount == row.amount for amount in deal.captures.values())
    if row.cancelled or len(deal.captures) > as_asked or as_asked > 1:
        return frozenset({State.REVIEW}) if not deal.refunds and not deal.disputes else None
    return frozenset({_with_money(row, deal)})


def _without_money(row: PaymentRow, deal: Deal) -> frozenset[State]:
    if row.cancelled:
        return frozenset({State.CANCELLED})
    return frozenset({State.FAILED}) if deal.is_ended or deal.has_failed else WAITING


def _with_money(row: PaymentRow, deal: Deal) -> State:
    statuses = {case.status for case in deal.disputes.values()}
    if FactStatus.OPENED in statuses:
        return State.DISPUTED
    if FactStatus.LOST in statuses:
        return State.CHARGED_BACK
    refunded_minor = sum(deal.total_minor(each) for each in deal.captures)
    if refunded_minor == row.amount.amount_minor:
        return State.REFUNDED
    return State.PARTIALLY_REFUNDED if refunded_minor else State.COMPLETED
