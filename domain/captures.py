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

    `as_asked` the transactions of which a claim says just what was asked, first told first.
    `owned`    those that are the customer's: the first as asked, unless the payment was cancelled;
               or those that a person has accepted.
    `disagree` the transactions of which claims differ, each with all that is said of it.
    """

    counted: Mapping[str, Money]
    as_asked: tuple[str, ...]
    owned: tuple[str, ...]
    disagree: Sequence[tuple[str, frozenset[Money]]]


def count(
    asked: Asked, facts: Sequence[Fact], accepted: Mapping[str, Money] | None = None
) -> Captures:
    """Count each transaction once: as asked if any claim of it says so, else its largest claim.

    The order of `facts` decides nothing but which of several equal captures is the credited one.
    `accepted` is what a person has decided: it counts as it was then, and nothing else is credited.
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
    owned = () if asked.cancelled else as_asked[:1]
    if accepted is not None:
        owned = tuple(object_id for object_id in accepted if object_id in counted)
        counted |= {object_id: accepted[object_id] for object_id in owned}
    disagree = [(name, frozenset(said)) for name, said in claims.items() if len(said) > 1]
    return Captures(counted, as_asked, owned, disagree)
