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


def counts_in_floats(money: Any) -> None:
    def from_major(amount: str, currency: str) -> Any:
        return money.Money(currency, int(float(amount) * 10 ** money.EXPONENTS[currency]))

    put(money, "from_major", from_major)
