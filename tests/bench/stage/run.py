"""One run of the benchmark: what every measure is given, and what a round of it gives back."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.bench.stage.grounds import Grounds
    from tests.bench.stage.supply import Numbers


@dataclass(frozen=True, slots=True)
class Round:
    """What one round of a measure found: the value in the measure's unit, CPU µs per event."""

    value: float
    cpu_us: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one invariant after one measure."""

    run: str
    name: str
    holds: bool
    checked: int

    def as_json(self) -> dict[str, object]:
        """Return what scripts read."""
        return {"run": self.run, "name": self.name, "holds": self.holds, "checked": self.checked}


@dataclass(slots=True)
class Run:
    """The stores, a folder for logs and requests, numbers nobody has used, and all verdicts."""

    grounds: Grounds
    folder: Path
    numbers: Numbers
    seed: int
    verdicts: list[Verdict] = field(default_factory=list)

    def logs(self, measure: str) -> Path:
        """Return the folder for the logs of a measure."""
        folder = self.folder / "log" / measure
        folder.mkdir(parents=True, exist_ok=True)
        return folder
