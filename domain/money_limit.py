"""The limit above which money moves only when a second person agrees."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from domain.money import AMOUNT_MINOR_MAX, EXPONENTS

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_MINOR = 50_000_000
"""The limit of a currency for which none is set, in its minor units."""

_PART = re.compile(r"(?:(?P<currency>[A-Z]{3})=)?(?P<amount_minor>[0-9]{1,19})")


ALONE_WITHIN_S = 86_400
"""How long what somebody moved alone is added to what they move next: a day."""


@dataclass(frozen=True, slots=True)
class Excess:
    """By what one person would exceed the limit of a currency; minor units.

    `sooner_minor` is what they moved alone within `ALONE_WITHIN_S` before.
    """

    currency: str
    amount_minor: int
    sooner_minor: int
    limit_minor: int


@dataclass(frozen=True, slots=True)
class MoneyLimit:
    """What one person may move: `others_minor` of any currency that `by_currency` does not name.

    A limit of 0 has every movement agreed to by two.
    """

    others_minor: int = DEFAULT_MINOR
    by_currency: Mapping[str, int] = field(default_factory=dict)

    def limit_minor(self, currency: str) -> int:
        """Return the most that one person may move of a currency, in its minor units."""
        return self.by_currency.get(currency, self.others_minor)

    def exceeds(self, amounts_minor: Mapping[str, int]) -> bool:
        """Return whether a second person must agree to move these amounts, by currency.

        The direction does not matter. Each currency is held against its own limit: there are no
        rates here by which they could be added up.
        """
        return self.excess(amounts_minor, {}) is not None

    def excess(
        self, amounts_minor: Mapping[str, int], sooner_minor: Mapping[str, int]
    ) -> Excess | None:
        """Return where these amounts, by currency, exceed the limit; None where they do not.

        `sooner_minor` is what the same person moved alone before, and is added: many small acts
        are one large one. An act is not held against a currency of which it moves nothing.
        """
        for currency, amount_minor in amounts_minor.items():
            sooner, most = sooner_minor.get(currency, 0), self.limit_minor(currency)
            if amount_minor and abs(amount_minor) + sooner > most:
                return Excess(currency, abs(amount_minor), sooner, most)
        return None


UNBOUNDED = MoneyLimit(AMOUNT_MINOR_MAX)
"""No limit at all: for a caller that has none of its own."""


def parse(text: str) -> MoneyLimit:
    """Read `5000000`, or `NGN=50000000,USD=100000,5000000` (the bare one is for all others).

    Raises ValueError, saying what is wrong.
    """
    limits: dict[str | None, int] = {}
    for part in text.split(","):
        match = _PART.fullmatch(part.strip())
        if match is None or int(match["amount_minor"]) > AMOUNT_MINOR_MAX:
            raise ValueError("minor units are expected: 5000000, or NGN=50000000,USD=100000")
        currency: str | None = match["currency"]
        if currency is not None and currency not in EXPONENTS:
            msg = f"{currency} is no currency we know"
            raise ValueError(msg)
        if currency in limits:
            msg = f"{currency or 'the other currencies'} cannot have two limits"
            raise ValueError(msg)
        limits[currency] = int(match["amount_minor"])
    named = {currency: minor for currency, minor in limits.items() if currency is not None}
    return MoneyLimit(limits.get(None, DEFAULT_MINOR), named)
