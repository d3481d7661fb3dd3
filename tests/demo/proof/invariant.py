"""An invariant: a sentence, how many things it was checked on, and what contradicts it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

PROBLEMS_SHOWN_MAX = 5


@dataclass(frozen=True, slots=True)
class Invariant:
    """Holds only if something was checked and nothing contradicts it."""

    name: str
    checked: int
    problems: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether it is proven. Nothing checked proves nothing."""
        return self.checked > 0 and not self.problems

    def as_json(self) -> dict[str, Any]:
        """Return what scripts read; the first problems only where there are any."""
        told: dict[str, Any] = {"name": self.name, "holds": self.holds, "checked": self.checked}
        if self.problems:
            told["problems"] = list(self.problems[:PROBLEMS_SHOWN_MAX])
        return told


def invariant(name: str, checked: int, problems: Iterable[str]) -> Invariant:
    """Return the invariant with its problems in order, so that two runs can be compared."""
    return Invariant(name, checked, tuple(sorted(problems)))
