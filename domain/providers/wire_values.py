"""Wire values: what a provider means by a value, read strictly or refused."""

from __future__ import annotations

import re
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from pydantic import TypeAdapter, ValidationError

from domain.errors import PayloadInvalid
from domain.money import from_major
from domain.providers.amounts import from_wire
from domain.providers.shapes import (
    ObjectId,
    PositiveMinor,
    PositiveMinorOrDigits,
    TypeName,
    unix_time_s,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from domain.money import Money
    from domain.providers.paths import Json

__all__ = ["Unit", "is_zero", "money", "object_id", "plain_decimal", "type_name", "unix_time_s"]


class Unit(StrEnum):
    """How a provider writes an amount."""

    MINOR = "minor"  # a JSON integer of minor units
    MINOR_DIGITS = "minor_digits"  # the same, or its decimal digits in a text
    MAJOR = "major"  # a plain decimal number of major units, as a number or in a text


T = TypeVar("T")

_ZERO = re.compile(r"0+(\.0+)?")

_OBJECT_ID: TypeAdapter[str] = TypeAdapter(ObjectId)
_TYPE_NAME: TypeAdapter[str] = TypeAdapter(TypeName)
_MINOR: TypeAdapter[int] = TypeAdapter(PositiveMinor)
_MINOR_DIGITS: TypeAdapter[int] = TypeAdapter(PositiveMinorOrDigits)


def object_id(value: Json) -> str:
    """Return a provider's id of something. Raises PayloadInvalid."""
    return _read(_OBJECT_ID, value, "an id")


def type_name(value: Json) -> str:
    """Return the type of an event. Raises PayloadInvalid."""
    return _read(_TYPE_NAME, value, "the type of the event")


def money(value: Json, currency: str, unit: Unit, decimals: Mapping[str, int]) -> Money:
    """Return an amount above zero.

    Raises PayloadInvalid for what is no amount of this unit, CurrencyUnknown, and AmountInvalid
    for one that is finer than its currency.
    """
    if unit is Unit.MAJOR:
        found = from_major(plain_decimal(value), currency)
        if found.amount_minor == 0:
            raise PayloadInvalid("the amount is zero")
        return found
    adapter = _MINOR if unit is Unit.MINOR else _MINOR_DIGITS
    return from_wire(_read(adapter, value, "an amount"), currency, decimals)


def is_zero(value: Json) -> bool:
    """Say whether it is nothing: a card that is only looked at, an order that is free."""
    if isinstance(value, str):
        return _ZERO.fullmatch(value) is not None
    return isinstance(value, (int, Decimal)) and not isinstance(value, bool) and value == 0


def plain_decimal(value: Json) -> str:
    """Return the digits. A number with an exponent is none that a provider would write.

    Raises PayloadInvalid.
    """
    if isinstance(value, Decimal):
        exponent = value.as_tuple().exponent
        if isinstance(exponent, int) and exponent <= 0:
            return f"{value:f}"
    elif type(value) is int or isinstance(value, str):
        return str(value)
    raise PayloadInvalid("an amount is not a plain decimal number")


def _read(adapter: TypeAdapter[T], value: Json, what: str) -> T:
    try:
        return adapter.validate_python(value, strict=True)
    except ValidationError:
        msg = f"{what} is not as documented"
        raise PayloadInvalid(msg) from None
