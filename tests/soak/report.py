"""The report: one object for scripts, and the same for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich import box
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import Console

    from tests.soak.play import Performance, Scale
    from tests.soak.provider import Provider

DIGITS = 2


def of(scale: Scale, provider: Provider, done: Performance, *, elapsed_s: float) -> dict[str, Any]:
    """Return what scripts read of one run."""
    journal = done.journal
    return {
        "provider": provider.name,
        "payments": scale.payments,
        "states": done.states,
        "refunds": len(journal.refunds),
        "requests": dict(sorted(journal.tries.items())),
        "repeats": journal.repeats,
        "calls": done.call_outcomes,
        "heard": provider.heard(),
        "faults": provider.faults_seen(),
        "duplicates_refused": provider.duplicates_refused(),
        "replayed_by_key": provider.replayed_by_key(),
        "webhooks": provider.webhooks(),
        "kills": dict(done.kills),
        "restarts": done.restarts,
        "traffic_s": round(done.traffic_s, DIGITS),
        "payments_per_s": round(scale.payments / (done.traffic_s + done.quiet_after_s), DIGITS),
        "quiet_after_s": round(done.quiet_after_s, DIGITS),
        "elapsed_s": round(elapsed_s, DIGITS),
        "invariants": [each.as_json() for each in done.invariants],
    }


def holds(run: dict[str, Any]) -> bool:
    """Whether every invariant of a run holds."""
    return bool(run["invariants"]) and all(each["holds"] for each in run["invariants"])


def show(console: Console, run: dict[str, Any]) -> None:
    """Print a run for a person."""
    table = Table(box=box.SIMPLE_HEAD, title=f"{run['payments']} payments by {run['provider']}")
    table.add_column("what")
    table.add_column("how much", overflow="fold")
    for name, value in run.items():
        if name != "invariants":
            table.add_row(name.replace("_", " "), _words(value))
    console.print(table)
    checks = Table(box=box.SIMPLE_HEAD, title="What must hold")
    for title in ("", "invariant", "checked", "what contradicts it"):
        checks.add_column(title)
    for each in run["invariants"]:
        mark = Text("✓", style="bold green") if each["holds"] else Text("✗", style="bold red")
        problems = "\n".join(each.get("problems", ()))
        checks.add_row(mark, each["name"], str(each["checked"]), problems)
    console.print(checks)


def _words(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{count} {name}" for name, count in value.items()) or "none"
    return str(value)
