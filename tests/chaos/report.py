"""The report: one object for scripts, and the same for a person."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rich import box
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from rich.console import Console

    from tests.chaos.options import Options
    from tests.chaos.watching.recovery import Bound
    from tests.demo.proof.invariant import Invariant

DIGITS = 2


@dataclass(slots=True)
class Result:
    """What a run came to."""

    options: Options
    counts: Mapping[str, int]
    faults: Mapping[str, int]
    left_out: Mapping[str, str]
    recovery_s: Mapping[str, Any]
    bounds: Sequence[Bound]
    invariants: Sequence[Invariant]
    phases_s: Mapping[str, float]
    elapsed_s: float
    restarts: Mapping[str, int] = field(default_factory=dict)
    said: Mapping[str, int] = field(default_factory=dict)
    plot: Path | None = None

    @property
    def holds(self) -> bool:
        """Whether every invariant holds and every bound is met that must be."""
        required = self.bounds if self.options.are_bounds_required else ()
        judged = [each.holds for each in self.invariants] + [bound.holds for bound in required]
        return bool(self.invariants) and all(judged)

    def as_json(self) -> dict[str, Any]:
        """Return what scripts read."""
        options = self.options
        return {
            "seed": options.seed,
            "minutes": options.minutes,
            "rate_per_s": options.rate_per_s,
            "bugs": list(options.bugs),
            "holds": self.holds,
            **self.counts,
            "faults": dict(sorted(self.faults.items())),
            "faults_in_all": sum(self.faults.values()),
            "left_out": dict(self.left_out),
            "recovery_s": dict(self.recovery_s),
            "bounds": [bound._asdict() for bound in self.bounds],
            "invariants": [each.as_json() for each in self.invariants],
            "answers": dict(sorted(self.said.items())),
            "restarts": dict(self.restarts),
            "phases_s": {name: round(s, DIGITS) for name, s in self.phases_s.items()},
            "elapsed_s": round(self.elapsed_s, DIGITS),
            "plot": None if self.plot is None else str(self.plot),
        }


def show(console: Console, result: Result) -> None:
    """Print it for a person."""
    told = result.as_json()
    table = Table(box=box.SIMPLE_HEAD, title=f"The fault lab, seed {told['seed']}")
    table.add_column("what")
    table.add_column("how much", overflow="fold")
    for name, value in told.items():
        if name not in ("invariants", "bounds", "seed", "plot"):
            table.add_row(name.replace("_", " "), _words(value))
    console.print(table)
    bounds = Table(box=box.SIMPLE_HEAD, title="What must be met")
    for title in ("", "bound", "measured", "limit", "strikes"):
        bounds.add_column(title)
    for bound in result.bounds:
        measured = "not measured" if bound.value is None else f"{bound.value:g}"
        row = (bound.name, measured, f"{bound.limit:g}", str(bound.strikes))
        bounds.add_row(_mark(holds=bound.holds), *row)
    console.print(bounds)
    checks = Table(box=box.SIMPLE_HEAD, title="What must hold")
    for title in ("", "invariant", "checked", "what contradicts it"):
        checks.add_column(title)
    for each in told["invariants"]:
        problems = "\n".join(each.get("problems", ()))
        checks.add_row(_mark(holds=each["holds"]), each["name"], str(each["checked"]), problems)
    console.print(checks)
    if result.plot is not None:
        console.print(f"Plot: {result.plot}", soft_wrap=True)


def _mark(*, holds: bool) -> Text:
    return Text("✓", style="bold green") if holds else Text("✗", style="bold red")


def _words(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_words(count)}" for name, count in value.items()) or "none"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return str(value)
