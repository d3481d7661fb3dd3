"""What has been measured so far, round by round."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.bench import catalogue
from tests.bench.figures import Figure
from tests.bench.stage.cpu import median_by_name
from tests.bench.stage.run import Round

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.bench.catalogue import Entry


@dataclass(slots=True)
class Collected:
    """Rounds by the name of their figure, and the entries of figures that are in no catalogue."""

    rounds: dict[str, list[Round]] = field(default_factory=dict)
    entries: dict[str, Entry] = field(default_factory=dict)

    def add(self, name: str, round_: Round) -> None:
        """Take a round."""
        self.rounds.setdefault(name, []).append(round_)

    def value(self, name: str, value: float) -> None:
        """Take a round without CPU."""
        self.add(name, Round(value))

    def median(self, name: str) -> float | None:
        """Return the median of a figure, or None when it was not measured."""
        figure = self.figure(name)
        return figure.median if figure else None

    def figure(self, name: str) -> Figure | None:
        """Return a figure, or None when it was not measured."""
        rounds = self.rounds.get(name)
        if not rounds:
            return None
        entry = self.entries.get(name) or catalogue.entry(name)
        cpu_us = median_by_name(each.cpu_us for each in rounds)
        values = tuple(each.value for each in rounds)
        return Figure(name, entry.title, entry.unit, values, cpu_us, entry.note)

    def section(self, names: Mapping[str, Entry]) -> dict[str, Figure]:
        """Return the figures of these names that were measured."""
        found = {name: self.figure(name) for name in names}
        return {name: figure for name, figure in found.items() if figure is not None}
