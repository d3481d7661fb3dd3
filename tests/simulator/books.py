"""The provider's own books: what it took, gave back and kept, whatever we made of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class RefundStatus(StrEnum):
    """How far a refund has come."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class DisputeStatus(StrEnum):
    """How a dispute stands, seen from the merchant."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"


@dataclass(slots=True, eq=False)
class Sale:
    """What one customer is to pay, as the merchant announced it to the provider.

    `email` and `metadata` are what the merchant said, None where it said nothing of the kind.
    """

    provider: str
    reference: str
    customer_id: str
    amount_minor: int
    currency: str
    provider_id: str
    email: str | None = None
    metadata: Mapping[str, Any] | None = None
    captures: list[Capture] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Capture:
    """Money that arrived at the provider; amounts are in minor units of ISO 4217."""

    sale: Sale
    capture_id: str
    amount_minor: int
    currency: str
    fee_minor: int
    refunds: list[Refund] = field(default_factory=list)
    disputes: list[Dispute] = field(default_factory=list)

    @property
    def refunded_minor(self) -> int:
        """What has left again by refunds."""
        return sum(r.amount_minor for r in self.refunds if r.status is RefundStatus.SUCCEEDED)

    @property
    def left_minor(self) -> int:
        """What may still be given back: refunds that wait count, failed ones do not."""
        going = sum(r.amount_minor for r in self.refunds if r.status is not RefundStatus.FAILED)
        return self.amount_minor - going - self.charged_back_minor

    @property
    def charged_back_minor(self) -> int:
        """What has left again by lost disputes."""
        return sum(d.amount_minor for d in self.disputes if d.status is DisputeStatus.LOST)


@dataclass(slots=True, eq=False)
class Refund:
    """Money on its way back; `metadata` is the merchant's."""

    capture: Capture
    refund_id: str
    amount_minor: int
    status: RefundStatus = RefundStatus.PENDING
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Dispute:
    """A customer's objection to a capture, over the whole of it."""

    capture: Capture
    dispute_id: str
    amount_minor: int
    status: DisputeStatus = DisputeStatus.OPEN


@dataclass(slots=True)
class Sums:
    """Money in minor units of one currency."""

    captured: int = 0
    refunded: int = 0
    charged_back: int = 0
    fees: int = 0

    def add(self, capture: Capture) -> None:
        """Count one capture and all that became of it."""
        self.captured += capture.amount_minor
        self.refunded += capture.refunded_minor
        self.charged_back += capture.charged_back_minor
        self.fees += capture.fee_minor

    @property
    def held(self) -> int:
        """What the provider owes the merchant, before it pays out."""
        return self.captured - self.refunded - self.charged_back - self.fees


class Books:
    """All sales of all providers."""

    def __init__(self) -> None:
        self.sales: dict[str, Sale] = {}

    def open(self, sale: Sale, *, name: str | None = None) -> Sale:
        """Enter a sale; its reference is its name unless the books are told another."""
        name = name or sale.reference
        if name in self.sales:
            raise ValueError(f"{name} is in the books already")
        self.sales[name] = sale
        return sale

    @property
    def captures(self) -> list[Capture]:
        """Every capture there is."""
        return [capture for sale in self.sales.values() for capture in sale.captures]

    def by_payment(self) -> dict[tuple[str, str], Sums]:
        """Return the sums by (reference, currency); nothing where no money came."""
        return _sums((c.sale.reference, c.currency, c) for c in self.captures)

    def by_provider(self, *, without_fees_of: frozenset[str]) -> dict[tuple[str, str], Sums]:
        """Return the sums by (provider, currency).

        The fees of some references are left out: a fee is nobody's expense before its payment is
        known.
        """
        sums = _sums((c.sale.provider, c.currency, c) for c in self.captures)
        for capture in self.captures:
            if capture.sale.reference in without_fees_of:
                sums[capture.sale.provider, capture.currency].fees -= capture.fee_minor
        return sums

    def count(self) -> Counter[str]:
        """Return how much happened, for people."""
        counted = Counter(sales=len(self.sales))
        for capture in self.captures:
            counted["captures"] += 1
            counted["refunds"] += len(capture.refunds)
            counted["disputes"] += len(capture.disputes)
        return counted


def _sums(captures: Iterable[tuple[str, str, Capture]]) -> dict[tuple[str, str], Sums]:
    sums: dict[tuple[str, str], Sums] = {}
    for name, currency, capture in captures:
        sums.setdefault((name, currency), Sums()).add(capture)
    return sums
