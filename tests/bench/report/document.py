"""The document: the one JSON object that a run leaves behind."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from pathlib import Path

    from tests.bench.figures import Figure, Ratio

NOT_FINITE = "the measure gave no finite number"


@dataclass(frozen=True, slots=True)
class Run:
    """When and how it was measured; `started_at` knows its zone, and its date names the files."""

    started_at: datetime
    took_s: float
    seed: int
    form: Literal["default", "full"]


def assemble(
    run: Run,
    *,
    machine: Mapping[str, Any],
    floors: Mapping[str, Figure],
    peers: Mapping[str, Figure],
    ours: Mapping[str, Figure],
    ratios: Iterable[Ratio],
    invariants: Iterable[Mapping[str, Any]],
) -> dict[str, Any]:
    """Return the document. What is not a finite number stands in it as not measured."""
    return {
        "machine": dict(machine),
        "floors": {name: _figure(figure) for name, figure in floors.items()},
        "peers": {name: _figure(figure) for name, figure in peers.items()},
        "ours": {name: _figure(figure) for name, figure in ours.items()},
        "ratios": [_ratio(ratio) for ratio in ratios],
        "invariants": [dict(each) for each in invariants],
        "started_at": run.started_at.isoformat(timespec="seconds"),
        "took_s": round(run.took_s, 1),
        "seed": run.seed,
        "form": run.form,
    }


def stem(document: Mapping[str, Any]) -> str:
    """Return what the files of a run are called, without the ending: `2026-11-23-full`."""
    date: str = document["started_at"][: len("2026-11-23")]
    return f"{date}-full" if document["form"] == "full" else date


def write(document: Mapping[str, Any], folder: Path) -> Path:
    """Save it, over an earlier run of the same day and form; raise ValueError at NaN and infinity.

    All or nothing: a run that is killed here leaves the earlier file whole.
    """
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{stem(document)}.json"
    unfinished = path.with_suffix(".json.new")
    unfinished.write_text(f"{text}\n", encoding="utf-8")
    unfinished.replace(path)
    return path


def _figure(figure: Figure) -> dict[str, Any]:
    rounds = tuple(value for value in figure.rounds if math.isfinite(value))
    cpu_us = {name: value for name, value in figure.cpu_us.items() if math.isfinite(value)}
    if rounds:
        return replace(figure, rounds=rounds, cpu_us=cpu_us).as_json()
    return {
        "title": figure.title,
        "unit": figure.unit,
        "median": None,
        "low": None,
        "high": None,
        "rounds": [],
        "note": figure.note or NOT_FINITE,
    }


def _ratio(ratio: Ratio) -> dict[str, Any]:
    """Without this, something divided by a measure of zero would reach any goal."""
    if ratio.value is None or math.isfinite(ratio.value):
        return ratio.as_json()
    return replace(ratio, value=None, note=ratio.note or NOT_FINITE).as_json()
