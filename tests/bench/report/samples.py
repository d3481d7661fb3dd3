"""Runs that were never measured, for the tests of the report."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rich.console import Console

from tests.bench.figures import Figure, Ratio
from tests.bench.report import document, readme, table

if TYPE_CHECKING:
    from pathlib import Path

MACHINE = {"cpu": "Some CPU", "cores": 2, "filesystem": "ext4", "commit": "abc1234", "dirty": True}
HOLDS = {"run": "applied", "name": "every sum is zero", "holds": True, "checked": 1000}
BROKEN = {"run": "duplicates", "name": "one credit a payment", "holds": False, "checked": 7}
MISSED = Ratio("applied", "Applied against its floor", 0.7996, 0.8)
RATIOS = (
    Ratio("acks", "Acks against a $1 | <floor>", 1.36, 0.8),
    MISSED,
    Ratio("recovery", "Recovery", 12, 30, "s", at_most=True),
    Ratio("doubles", "Double credits", 0, 0, "", at_most=True),
    Ratio("peer", "Against a peer", None, 5, note="it was not installed"),
)
UNMET = ("applied", "peer")
README = "# Ours\r\n\r\ntext \n<!-- bench:begin -->\nstale\n<!-- bench:end -->  \nmore é\n\n\n"


def figure(name: str, *rounds: float, unit: str = "1/s", **cpu_us: float) -> Figure:
    return Figure(name, f"The {name.replace('_', ' ')}", unit, rounds, cpu_us)


def whole(**changed: Any) -> dict[str, Any]:
    """Return a document with something in every part."""
    latency = [
        figure(f"{stage}_{level}_ms_at_{rate}", rate / 100, rate / 90, unit="ms")
        for stage in ("ack", "applied")
        for level in ("p50", "p99", "p999")
        for rate in (500, 2000)
    ]
    ours = [
        figure("acks_per_s", 5000, 5200, 4900, web=190.0, postgres=90.0),
        figure("end_to_end_per_s", 1200, 1250, web=190.0, worker=320.0, postgres=400.0, relay=1.0),
        figure("memory_mb_web", 60.0, unit="MB"),
        *latency,
    ]
    floors = [figure("insert_per_s", 3900, 4000, postgres=150.0), figure("fsync_per_s", 12_340)]
    peers = [figure("djstripe_acks_per_s", 80, 95, web=9000.0)]
    parts: dict[str, Any] = {
        "machine": MACHINE,
        "ours": {each.name: each for each in ours},
        "floors": {each.name: each for each in floors},
        "peers": {each.name: each for each in peers},
        "ratios": RATIOS,
        "invariants": [HOLDS],
    }
    started_at = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
    run = document.Run(started_at, 431.26, 7, changed.pop("form", "default"))
    return document.assemble(run, **(parts | changed))


def empty() -> dict[str, Any]:
    """Return the document of a run in which nothing could be measured."""
    return whole(machine={}, ours={}, floors={}, peers={}, ratios=[], invariants=[])


def shown(told: dict[str, Any], width: int = 100) -> str:
    console = Console(file=io.StringIO(), width=width)
    table.show(console, told)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def row(text: str, title: str) -> str:
    [line] = [line for line in text.splitlines() if title in line]
    return line


def written(readme_path: Path, told: dict[str, Any]) -> str:
    readme_path.write_bytes(README.encode())
    assert readme.write(readme_path, told)
    return readme_path.read_bytes().decode()
