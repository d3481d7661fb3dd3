"""Bugs to plant, and how many histories go by before one of them is told.

Nothing of this can be reached in production: each bug takes the place of one decision, or of one
rule of the stores, in the process that simulates, for as long as it is looked for.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.simulation import bugs_of_calls, bugs_of_decisions, bugs_of_stores
from tests.simulation.installing import replaced
from tests.simulation.world import play

if TYPE_CHECKING:
    from tests.simulation.bug import Bug

BUGS: tuple[Bug, ...] = (*bugs_of_decisions.BUGS, *bugs_of_calls.BUGS, *bugs_of_stores.BUGS)
SEEDS_MAX = 2_000
"""Histories in which a bug must be told."""


class Hunt(NamedTuple):
    """What became of a bug: the invariant that told it, after how many histories, and where."""

    bug: Bug
    caught_by: str | None
    seeds: int
    where: str = ""

    @property
    def is_caught(self) -> bool:
        """Whether an invariant told it, and one of those that were expected to."""
        return self.caught_by is not None and self.caught_by.partition(" ")[0] in self.bug.expected


def hunt(bug: Bug, seeds: int = SEEDS_MAX, *, first: int = 0) -> Hunt:
    """Play histories with the bug in place until one breaks an invariant; stores `installed`."""
    with ExitStack() as stack:
        for owner, name, stand_in in bug.places:
            stack.enter_context(replaced(owner, name, stand_in))
        for seed in range(first, first + seeds):
            broken = play(seed).broken
            if broken is not None:
                return Hunt(bug, broken.invariant, seed - first + 1, broken.where)
    return Hunt(bug, None, seeds)


def table(hunts: list[Hunt]) -> str:
    """Return the hunts as people read them."""
    width = max(len(each.bug.name) for each in hunts)
    rows = [f"{'planted':{width}}  seeds  caught by"]
    for each in hunts:
        told = each.caught_by or "nothing"
        mark = "" if each.is_caught else "  NOT AS EXPECTED"
        rows.append(f"{each.bug.name:{width}}  {each.seeds:5}  {told}{mark}")
    return "\n".join(rows)


def as_json(hunts: list[Hunt]) -> list[dict[str, Any]]:
    """Return the hunts as programs read them."""
    return [
        {
            "planted": each.bug.name,
            "caught_by": each.caught_by,
            "seeds": each.seeds,
            "where": each.where,
            "is_caught": each.is_caught,
        }
        for each in hunts
    ]
