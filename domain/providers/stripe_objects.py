"""Stripe's objects, as far as we read them. Documented at https://docs.stripe.com/api."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import StringConstraints

from domain.facts import OBJECT_ID_LENGTH_MAX
from domain.money import EXPONENTS
from domain.providers.event_keys import at
from domain.providers.shapes import AmountMinor, ObjectId, PositiveMinor, Shape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from domain.providers.paths import Json

PAYMENTS: tuple[Json, ...] = ("payment_intent", "charge")
"""Objects that are payments themselves."""

_UNDOCUMENTED = frozenset({"IQD", "LYD", "UYI"})

DECIMALS: Mapping[str, int] = MappingProxyType(
    {code: decimals for code, decimals in EXPONENTS.items() if code not in _UNDOCUMENTED}
    | {"ISK": 2, "UGX": 2, "MGA": 0}
)
"""How Stripe writes each currency: https://docs.stripe.com/currencies#zero-decimal and
#special-cases. ISK and UGX have no decimals in ISO 4217 but are sent with two, which are always
zero; MGA has two but is sent without. Three currencies are in none of Stripe's lists."""

Currency = Annotated[str, StringConstraints(pattern=r"^[a-z]{3}$")]


class Intent(Shape):
    """A PaymentIntent of whatever status."""

    id: ObjectId


class SucceededIntent(Intent):
    """A PaymentIntent that has its money."""

    status: Literal["succeeded"]
    amount: PositiveMinor
    amount_received: PositiveMinor | None = None
    currency: Currency


class Charge(Shape):
    """A charge of whatever status."""

    id: ObjectId
    payment_intent: ObjectId | None = None

    @property
    def capture_id(self) -> str:
        """Return the name of the capture that this charge is part of."""
        return self.payment_intent or self.id


class SucceededCharge(Charge):
    """A charge that is captured, or authorized only."""

    status: Literal["succeeded"]
    captured: bool
    amount: PositiveMinor
    amount_captured: AmountMinor | None = None
    currency: Currency


class Session(Shape):
    """A checkout session of whatever status."""

    id: ObjectId
    payment_intent: ObjectId | None = None
    payment_status: Literal["paid", "unpaid", "no_payment_required"]


class PaidSession(Session):
    """A checkout session that has its money."""

    amount_total: PositiveMinor
    currency: Currency


class Refund(Shape):
    """A refund of whatever status."""

    id: ObjectId
    amount: PositiveMinor
    currency: Currency
    status: Literal["pending", "requires_action", "succeeded", "failed", "canceled"]
    payment_intent: ObjectId | None = None
    charge: ObjectId | None = None


class RefundList(Shape):
    """The refunds that older API versions embed in a charge, perhaps not all."""

    data: list[Refund]
    has_more: bool = False


class RefundedCharge(Charge):
    """A charge of which something was given back, by its cumulative total."""

    amount_refunded: PositiveMinor
    currency: Currency
    refunds: RefundList | None = None
    captured: bool = True
    amount: AmountMinor | None = None
    amount_captured: AmountMinor | None = None

    @property
    def is_captured_in_part(self) -> bool:
        """Say whether less was taken than was authorized."""
        if self.amount is None or self.amount_captured is None:
            return False
        return self.amount_captured < self.amount


class Dispute(Shape):
    """A dispute or an inquiry."""

    id: ObjectId
    amount: PositiveMinor
    currency: Currency
    status: str
    payment_intent: ObjectId | None = None
    charge: ObjectId | None = None


def payment_id(about: Json) -> str | None:
    """Return Stripe's id of the payment that an object is, or is about."""
    own = "id" if at(about, "object") in PAYMENTS else "charge"
    found = at(about, "payment_intent") or at(about, own)
    if isinstance(found, str) and len(found) <= OBJECT_ID_LENGTH_MAX:
        return found
    return None
