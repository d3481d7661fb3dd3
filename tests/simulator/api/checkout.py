"""A checkout: one sale that was announced over the API, and how far its customer has come."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    from tests.simulator.books import Capture, Dispute, Refund, Sale


class NotPossible(Exception):
    """What was asked for cannot be done to this sale now."""


class Stage(StrEnum):
    """How far a checkout has come."""

    OPEN = "open"
    PENDING = "pending"
    PAID = "paid"
    DECLINED = "declined"
    ABANDONED = "abandoned"
    EXPIRED = "expired"


CLOSED = frozenset({Stage.PAID, Stage.EXPIRED})
"""Nobody can pay here any more."""


@dataclass(slots=True, eq=False)
class Checkout:
    """A sale and the page at which it is paid.

    `code` is the page's name: Paystack's access code, Stripe's session. `return_url` is where the
    customer goes after paying, `leave_url` where without. `about` is what else its provider's API
    says of it.
    """

    sale: Sale
    code: str
    made_at: datetime
    expires_at: datetime
    return_url: str | None = None
    leave_url: str | None = None
    stage: Stage = Stage.OPEN
    paid_at: datetime | None = None
    attempts: list[Attempt] = field(default_factory=list)
    about: dict[str, Any] = field(default_factory=dict)

    @property
    def dispute(self) -> Dispute | None:
        """The newest dispute over its money."""
        found = [dispute for capture in self.sale.captures for dispute in capture.disputes]
        return found[-1] if found else None

    @property
    def is_given_back(self) -> bool:
        """Whether all its money has left again."""
        captures = self.sale.captures
        left = sum(c.amount_minor - c.refunded_minor - c.charged_back_minor for c in captures)
        return bool(captures) and left == 0


@dataclass(slots=True, eq=False)
class Attempt:
    """A customer's attempt to pay; `capture` is None until it has succeeded."""

    attempt_id: str
    checkout: Checkout
    made_at: datetime
    capture: Capture | None = None
    is_declined: bool = False


@dataclass(slots=True, eq=False)
class Returned:
    """A refund that was asked for over the API. `number` counts them, from 1."""

    refund: Refund
    checkout: Checkout
    number: int
    made_at: datetime
    merchant_note: str
    customer_note: str
    settled_at: datetime | None = None
