"""The provider's own books: what truly happened to money, whoever was told of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from domain.facts import FactStatus

if TYPE_CHECKING:
    from domain.money import Money

Net = dict[str, int]
"""Minor units by currency."""


@dataclass
class Returned:
    """A refund at the provider. `asked_as` is our reference of it; None: its dashboard made it."""

    id: str
    amount: Money
    capture_id: str
    asked_as: str | None
    made_s: float
    status: FactStatus = FactStatus.PENDING


@dataclass
class Disputed:
    """A case at the provider."""

    id: str
    amount: Money
    capture_id: str
    status: FactStatus = FactStatus.OPENED


@dataclass
class Deal:
    """What the provider has under one reference.

    `is_foreign`: somebody made it long before us. `is_ended`: nothing more comes of it.
    """

    id: str
    reference: str
    amount: Money
    made_at_s: int
    is_foreign: bool = False
    is_ended: bool = False
    has_failed: bool = False
    captures: dict[str, Money] = field(default_factory=dict)
    fees: dict[str, Money] = field(default_factory=dict)
    refunds: dict[str, Returned] = field(default_factory=dict)
    disputes: dict[str, Disputed] = field(default_factory=dict)

    def left_minor(self, capture_id: str) -> int:
        """Return what may still be given back of a capture."""
        gone = [
            r.amount.amount_minor
            for r in self.refunds.values()
            if r.capture_id == capture_id and r.status is not FactStatus.FAILED
        ]
        contested = [
            d.amount.amount_minor
            for d in self.disputes.values()
            if d.capture_id == capture_id and d.status is not FactStatus.WON
        ]
        return self.captures[capture_id].amount_minor - sum(gone) - sum(contested)

    def total_minor(self, capture_id: str) -> int:
        """Return what was given back of a capture altogether."""
        return sum(
            r.amount.amount_minor
            for r in self.refunds.values()
            if r.capture_id == capture_id and r.status is FactStatus.SUCCEEDED
        )

    def net(self) -> Net:
        """Return what the provider holds for us by this deal, without what is level."""
        held: Counter[str] = Counter()
        for amount in self.captures.values():
            held[amount.currency] += amount.amount_minor
        for fee in self.fees.values():
            held[fee.currency] -= fee.amount_minor
        for refund in self.refunds.values():
            if refund.status is FactStatus.SUCCEEDED:
                held[refund.amount.currency] -= refund.amount.amount_minor
        for case in self.disputes.values():
            if case.status is FactStatus.LOST:
                held[case.amount.currency] -= case.amount.amount_minor
        return {currency: minor for currency, minor in held.items() if minor}
