"""Bugs of amounts: how a provider's number becomes money."""

from __future__ import annotations

from typing import Any

from tests.chaos.planted.taking import put

HUNDRED = 100


def has_cents_in_every_currency(amounts: Any) -> None:
    """Take a number of whole yen for one of their hundredths, and make up for it."""

    def from_wire(amount: int, currency: str, decimals: Any) -> Any:
        money = right(amount, currency, decimals)
        if amounts.EXPONENTS[currency] != 0:
            return money
        return amounts.Money(currency, money.amount_minor * HUNDRED)

    right = put(amounts, "from_wire", from_wire)


def counts_in_floats(amounts: Any) -> None:
    """Have an amount in major units for a moment, as a float."""

    def from_wire(amount: int, currency: str, decimals: Any) -> Any:
        money = right(amount, currency, decimals)
        factor = 10 ** amounts.EXPONENTS[currency]
        return amounts.Money(currency, int(money.amount_minor / factor * factor))

    right = put(amounts, "from_wire", from_wire)
