"""Models of what is asked and answered about refunds."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import StringConstraints

from ingress.api.models import AmountMinor, Body, Document, Moment

REASON_LENGTH_MAX = 500
"""Characters of why somebody wants a refund."""

Reason = Annotated[
    str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]*$", max_length=REASON_LENGTH_MAX)
]


class RefundBody(Body):
    """A refund to be made: of all that is left, unless an amount is given."""

    amount_minor: AmountMinor | None = None
    reason: Reason | None = None


class Refund(Document):
    """A refund, asked for here.

    `status`: `requested` (the provider is yet to be asked), `sent`, `succeeded`, `failed`; the last
    two by the provider's own word.
    """

    reference: str
    payment_reference: str
    amount_minor: int
    currency: str
    status: Literal["requested", "sent", "succeeded", "failed"]
    reason: str | None
    created_at: Moment
    settled_at: Moment | None


class Refunds(Document):
    """The refunds of a payment, newest first."""

    items: list[Refund]
