"""Figures: what was measured, round by round, and ratios of two of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

DIGITS = 4
"""Significant digits that are kept; no machine repeats more of them."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One measure: a value for each round, in the unit its name ends with.

    `cpu_us` is the CPU time in microseconds that each process spent on one event, the median over
    the rounds: steadier than wall time on a machine that is shared. `note` says what a reader must
    know to believe the number.
    """

    name: str
    title: str
    unit: str
    rounds: tuple[float, ...]
    cpu_us: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    note: str = ""

    @property
    def median(self) -> float:
        """The middle of the rounds."""
        return median(self.rounds)

    def as_json(self) -> dict[str, Any]:
        """Return what scripts read."""
        told: dict[str, Any] = {
            "title": self.title,
            "unit": self.unit,
            "median": significant(self.median),
            "low": significant(min(self.rounds)),
            "high": significant(max(self.rounds)),
            "rounds": [significant(value) for value in self.rounds],
        }
        if self.cpu_us:
            told["cpu_us_per_event"] = {
                name: significant(value) for name, value in self.cpu_us.items()
            }
        if self.note:
            told["note"] = self.note
        return told


@dataclass(frozen=True, slots=True)
class Ratio:
    """A figure against a floor, a peer, itself or a limit.

    Met when it is at least the goal, or at most, where `at_most` says so. `value` is None when one
    of the two could not be measured; `note` then says why.
    """

    name: str
    title: str
    value: float | None
    goal: float
    unit: str = "x"
    at_most: bool = False
    note: str = ""

    @property
    def met(self) -> bool:
        """Whether the goal is reached. What was not measured is not."""
        if self.value is None:
            return False
        return self.value <= self.goal if self.at_most else self.value >= self.goal

    def as_json(self) -> dict[str, Any]:
        """Return what scripts read."""
        told: dict[str, Any] = {
            "name": self.name,
            "title": self.title,
            "value": None if self.value is None else significant(self.value),
            "goal": self.goal,
            "direction": "at most" if self.at_most else "at least",
            "unit": self.unit,
            "met": self.met,
        }
        if self.note:
            told["note"] = self.note
        return told


def significant(value: float) -> float:
    """Return the value with `DIGITS` significant digits."""
    return float(f"{value:.{DIGITS}g}")
