"""Models: what bodies and queries must be, and what answers are."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
)

from domain.money import AMOUNT_MINOR_MAX
from domain.payment import CUSTOMER_ID, REFERENCE


class Body(BaseModel):
    """A request's body: nothing is converted, and nothing that we do not know is passed over."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


class Nothing(Body):
    """The body of a request that has nothing to say: empty, or an empty object."""


class Query(BaseModel):
    """A request's query: texts, read as what they are to be."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Document(BaseModel):
    """An answer."""

    model_config = ConfigDict(frozen=True)


class PageQuery(Query):
    """Which part of a list."""

    cursor: Annotated[str | None, Field(max_length=500)] = None
    limit: Annotated[int, Field(ge=1, le=100)] = 50


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


Moment = Annotated[
    datetime,
    PlainSerializer(_utc, return_type=str),
    Field(json_schema_extra={"format": "date-time"}),
]
"""A time, answered as ISO 8601 in UTC, ending in Z."""

AmountMinor = Annotated[int, Field(gt=0, le=AMOUNT_MINOR_MAX)]
"""Money that is to move, minor units of its currency."""


def _no_step(reference: str) -> str:
    """Refuse what a path takes for a step: nobody could ask for what has such a reference."""
    if reference in (".", ".."):
        raise ValueError("a reference of dots alone is none")
    return reference


Reference = Annotated[
    str, StringConstraints(pattern=f"^{REFERENCE.pattern}$"), AfterValidator(_no_step)
]
CustomerId = Annotated[str, StringConstraints(pattern=f"^{CUSTOMER_ID.pattern}$")]
Currency = Annotated[str, StringConstraints(pattern="^[A-Z]{3}$")]
