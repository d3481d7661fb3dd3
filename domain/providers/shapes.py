"""Shapes: what a provider documents of a body, as far as we read it.

Everything is strict: an amount is a JSON integer, never a boolean, a fraction or a text, unless
the provider documents texts. What we do not read may change without our noticing.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)

from domain.errors import PayloadInvalid
from domain.facts import OBJECT_ID_LENGTH_MAX
from domain.money import AMOUNT_MINOR_MAX

if TYPE_CHECKING:
    from domain.providers.paths import Json

TYPE_LENGTH_MAX = 100
"""Characters of an event type."""

_YEAR_10000_S = 253_402_300_800
_DIGITS = re.compile(r"0|[1-9][0-9]{0,18}")


class Shape(BaseModel):
    """A part of a body. Unknown fields are no concern of ours: providers add them at will."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")


S = TypeVar("S", bound=Shape)


def read(shape: type[S], tree: Json) -> S:
    """Return the tree in the given shape.

    Raises PayloadInvalid that names the fields which differ, never their values.
    """
    try:
        return shape.model_validate(tree)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        fields = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in found)
        msg = f"not as documented: {fields}"
        raise PayloadInvalid(msg) from error


def unix_time_s(value: object) -> int | None:
    """Return a provider's time as Unix seconds, or None where it is none.

    Takes Unix seconds or milliseconds and ISO 8601 texts (without an offset: UTC). A strange one
    is left out rather than refused: no claim about money rests on it.
    """
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return None
        value = int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    if type(value) is not int or not 0 <= value < _YEAR_10000_S * 1000:
        return None
    return value if value < _YEAR_10000_S else value // 1000


def _number_as_text(value: object) -> object:
    return str(value) if type(value) is int else value


def _digits_as_number(value: object) -> object:
    return int(value) if isinstance(value, str) and _DIGITS.fullmatch(value) else value


AmountMinor = Annotated[int, Field(ge=0, le=AMOUNT_MINOR_MAX)]
"""A JSON integer."""

PositiveMinor = Annotated[int, Field(gt=0, le=AMOUNT_MINOR_MAX)]
"""A JSON integer above zero: money that is said to have moved."""

PositiveMinorOrDigits = Annotated[PositiveMinor, BeforeValidator(_digits_as_number)]
"""The same, or the same in a text of decimal digits, where a provider documents both."""

ObjectId = Annotated[
    str,
    BeforeValidator(_number_as_text),
    StringConstraints(min_length=1, max_length=OBJECT_ID_LENGTH_MAX, pattern=r"^[!-~]+$"),
]
"""A provider's id of something: visible ASCII characters, or an integer, which becomes them."""

TypeName = Annotated[
    str, StringConstraints(min_length=1, max_length=TYPE_LENGTH_MAX, pattern=r"^[!-~]+$")
]
"""The type of an event."""
