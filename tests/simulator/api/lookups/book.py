"""The book of one provider: sales by the provider's own id, and what was given back."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

PAID, OPEN, FAILED = "paid", "open", "failed"
DONE, PENDING, BROKEN = "done", "pending", "failed"
WON, LOST, CONTESTED = "won", "lost", "contested"

_MARK = "number "
_WHOLE = frozenset({"BIF", "CLP", "DJF", "JPY", "KRW", "PYG", "RWF", "UGX", "VND", "XAF", "XOF"})
_THOUSANDTHS = frozenset({"BHD", "IQD", "JOD", "KWD", "OMR", "TND"})


@dataclass
class Back:
    """Money given back."""

    refund_id: str
    amount_minor: int
    status: str = DONE


@dataclass
class Sale:
    """A sale. `contest` is how a dispute about it stands, "" where there is none."""

    object_id: str
    reference: str | None
    amount_minor: int
    currency: str
    status: str = PAID
    backs: list[Back] = field(default_factory=list)
    contest: str = ""
    more: dict[str, str] = field(default_factory=dict)

    @property
    def major(self) -> str:
        """Return the amount as a decimal number with all decimals of the currency."""
        return major(self.amount_minor, self.currency)

    @property
    def is_given_back(self) -> bool:
        """Say whether nothing of it is left."""
        done = sum(each.amount_minor for each in self.backs if each.status == DONE)
        return done >= self.amount_minor


class Book:
    """The sales of one provider."""

    def __init__(self) -> None:
        self.sales: dict[str, Sale] = {}

    def of(self, reference: str | None) -> list[Sale]:
        """Return all sales of a reference, the newest first."""
        return [each for each in reversed(self.sales.values()) if each.reference == reference]

    def back(self, refund_id: str) -> tuple[Sale, Back] | None:
        """Return a refund, and the sale that it is of."""
        for sale in self.sales.values():
            for each in sale.backs:
                if each.refund_id == refund_id:
                    return sale, each
        return None


def decimals(currency: str) -> int:
    """Return how many decimals a currency has."""
    if currency in _WHOLE:
        return 0
    return 3 if currency in _THOUSANDTHS else 2


def major(amount_minor: int, currency: str) -> str:
    """Return an amount as a decimal number with all decimals of the currency."""
    places = decimals(currency)
    return f"{Decimal(amount_minor).scaleb(-places):.{places}f}"


def number(digits: str) -> str:
    """Mark decimal digits that are to be written as a JSON number, as they are."""
    return f"{_MARK}{digits}"


def dumped(tree: Any) -> bytes:
    """Write a tree as JSON, with all decimals that its numbers were given."""
    text = json.dumps(tree, separators=(",", ":"))
    return re.sub(f'"{_MARK}([0-9.]+)"', r"\1", text).encode()
