"""Captures: which transactions took money, how much of each counts, and which was as asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from domain.facts import Fact
    from domain.money import Money
    from domain.payment import Asked


class Captures(NamedTuple):
    """Captures by transaction id, each with the one amount that counts.

    `as_asked`     the transactions of which a claim says just what was asked, first told first.
    `credited_id`  the one of them that is the customer's; none when the payment was cancelled.
    `disagree`     whether claims about one transaction differ.
    """

    counted: Mapping[str, Money]
    as_asked: tuple[str, ...]
    credited_id: str | None
    disagree: bool


def count(asked: Asked, facts: Sequence[Fact]) -> Captures:
    """Count each transaction once: as asked if any claim of it says so, else its largest claim.

    The order of `facts` decides nothing but which of several equal captures is the credited one.
    """
    claims: dict[str, set[Money]] = {}
    for fact in facts:
        if fact.amount is not None:
            claims.setdefault(fact.object_id, set()).add(fact.amount)
    as_asked = tuple(dict.fromkeys(f.object_id for f in facts if f.amount == asked.amount))
    counted = {
        object_id: asked.amount if asked.amount in said else max(said)
        for object_id, said in claims.items()
    }
    credited_id = as_asked[0] if as_asked and not asked.cancelled else None
    disagree = any(len(said) > 1 for said in claims.values())
    return Captures(counted, as_asked, credited_id, disagree)
