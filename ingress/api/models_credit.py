"""Models of what is asked and answered about spending credit."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

from ingress.api.models import (
    AmountMinor,
    Body,
    Currency,
    CustomerId,
    Document,
    Moment,
    Reference,
)

SERVICE_LENGTH_MAX = 100
DESCRIPTION_LENGTH_MAX = 500
"""Characters of a debit's own words, which stand on the customer's statement."""

_WORDS = r"^[^\x00-\x1f\x7f]*$"

Service = Annotated[str, StringConstraints(pattern=_WORDS, max_length=SERVICE_LENGTH_MAX)]
Description = Annotated[str, StringConstraints(pattern=_WORDS, max_length=DESCRIPTION_LENGTH_MAX)]


class DebitBody(Body):
    """Credit to be spent. `reference` is unique: repeating it cannot spend twice."""

    customer_id: CustomerId
    amount_minor: AmountMinor
    currency: Currency
    service: Service | None = None
    description: Description | None = None
    reference: Reference | None = None


class Debit(Document):
    """Credit that was spent. `amount_minor` is what was taken, positive."""

    reference: str
    customer_id: str
    amount_minor: int
    currency: str
    service: str | None
    description: str | None
    balance_after_minor: int
    created_at: Moment


class Reversal(Document):
    """A debit that was given back. `reverses` is the debit's reference."""

    reference: str
    reverses: str
    customer_id: str
    amount_minor: int
    currency: str
    balance_after_minor: int
    created_at: Moment
