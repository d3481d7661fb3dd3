"""Amounts on the wire: what a provider means by an integer and a currency.

Providers write integers with as many decimals as they choose, which for some currencies is not
what ISO 4217 says. The conversion is exact in both directions or refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.errors import AmountInvalid, CurrencyUnknown
from domain.money import EXPONENTS, Money

if TYPE_CHECKING:
    from collections.abc import Mapping


def from_wire(amount: int, currency: str, decimals: Mapping[str, int]) -> Money:
    """Return the money that a provider's integer means; `decimals` is how it writes currencies.

    Raises CurrencyUnknown for a currency the provider does not document, and AmountInvalid when
    the amount is finer than the currency.
    """
    shift = _written_decimals(currency, decimals) - EXPONENTS[currency]
    return Money(currency, _shifted(amount, -shift, currency))


def to_wire(money: Money, decimals: Mapping[str, int]) -> int:
    """Return the integer by which a provider knows the money: the inverse of `from_wire`."""
    shift = _written_decimals(money.currency, decimals) - EXPONENTS[money.currency]
    return _shifted(money.amount_minor, shift, money.currency)


def _written_decimals(currency: str, decimals: Mapping[str, int]) -> int:
    if currency not in decimals or currency not in EXPONENTS:
        msg = f"not a currency of this provider: {currency!r:.20}"
        raise CurrencyUnknown(msg)
    return decimals[currency]


def _shifted(amount: int, shift: int, currency: str) -> int:
    factor: int = 10 ** abs(shift)
    if shift >= 0:
        return amount * factor
    whole, rest = divmod(amount, factor)
    if rest:
        msg = f"finer than {currency} can be"
        raise AmountInvalid(msg)
    return whole
