"""Takings: what providers have taken and given back, by payment, for a million events.

A desk's books hold objects, a kilobyte for each payment. Once a story is written its sums are all
that the proof needs: some forty bytes in arrays.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, NamedTuple

from tests.simulator.books import Sums

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.simulator.books import Sale


class Taken(NamedTuple):
    """What a provider's books say of one payment in one currency, in minor units.

    `is_announced` says whether the payment is known to the service, or will be.
    """

    reference: str
    provider: str
    currency: str
    captured: int
    refunded: int
    charged_back: int
    fees: int
    is_announced: bool = True


class Part(NamedTuple):
    """The sums of one currency of one payment, by its number."""

    number: int
    provider: str
    currency: str
    captured: int
    refunded: int
    charged_back: int
    fees: int
    is_announced: bool


class Takings:
    """Grows by payments in the order of their numbers; one currency of a payment is one line."""

    def __init__(self, prefix: str) -> None:
        """`prefix` begins every reference; `reference` makes them of numbers."""
        self._prefix = prefix
        self._words: dict[str, int] = {}
        self._numbers = array("I")
        self._providers = array("B")
        self._currencies = array("B")
        self._flags = bytearray()
        self._sums = tuple(array("q") for _ in range(4))

    def __len__(self) -> int:
        """Return how many lines there are."""
        return len(self._numbers)

    def reference(self, number: int) -> str:
        """Return the reference of a payment; their order is that of the numbers."""
        return f"{self._prefix}{number:08d}"

    def add(self, parts: Sequence[Part]) -> None:
        """Enter what came of one payment."""
        for part in parts:
            self._numbers.append(part.number)
            self._providers.append(self._word(part.provider))
            self._currencies.append(self._word(part.currency))
            self._flags.append(part.is_announced)
            for column, minor in zip(self._sums, part[3:7], strict=True):
                column.append(minor)

    def lines(self) -> Iterator[Taken]:
        """Tell all of it, in the order of numbers."""
        words = list(self._words)
        for place, number in enumerate(self._numbers):
            captured, refunded, charged_back, fees = (column[place] for column in self._sums)
            yield Taken(
                self.reference(number),
                words[self._providers[place]],
                words[self._currencies[place]],
                captured,
                refunded,
                charged_back,
                fees,
                bool(self._flags[place]),
            )

    def _word(self, word: str) -> int:
        return self._words.setdefault(word, len(self._words))


def parts_of(number: int, sale: Sale, *, is_announced: bool) -> list[Part]:
    """Return the sums of one sale by currency; none where no money came."""
    sums: dict[str, Sums] = {}
    for capture in sale.captures:
        sums.setdefault(capture.currency, Sums()).add(capture)
    return [
        Part(
            number,
            sale.provider,
            currency,
            each.captured,
            each.refunded,
            each.charged_back,
            each.fees,
            is_announced,
        )
        for currency, each in sums.items()
    ]
