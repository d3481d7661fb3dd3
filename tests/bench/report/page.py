"""The list of saved runs, newest first; what people write around it stays."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from tests.bench.report import marked, words
from tests.bench.report.document import stem
from tests.bench.report.errors import RunUnreadable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

BEGIN = "<!-- runs:begin -->"
END = "<!-- runs:end -->"
NAME = "README.md"
MAIN_RATIOS = 3
"""The first so many are told; the rest is in the files."""

_SAVED = re.compile(r"\d{4}-\d\d-\d\d(-full)?\.json")
_EMPTY = f"# Benchmark runs\n\n{BEGIN}\n{END}\n"


def write(folder: Path) -> bool:
    """Rewrite the list from the documents in the folder; return whether the page changed.

    Makes the page if there is none. Raises MarksMissing, or RunUnreadable where a file that is
    named like a run is none.
    """
    page = folder / NAME
    rows = "\n".join(_rows(folder))
    if not page.exists():
        page.write_text(_EMPTY, encoding="utf-8")
    return marked.rewrite(page, begin=BEGIN, end=END, text=rows)


def _rows(folder: Path) -> Iterator[str]:
    yield "| run | form | machine | goals | first ratios | files |"
    yield "|---|---|---|---|---|---|"
    runs = [_read(path) for path in folder.iterdir() if _SAVED.fullmatch(path.name)]
    for document in sorted(runs, key=stem, reverse=True):
        yield f"| {' | '.join(_cells(document, folder))} |"


def _cells(document: Mapping[str, Any], folder: Path) -> Iterator[str]:
    machine = document["machine"]
    yield document["started_at"][:10]
    yield document["form"]
    yield marked.cell(f"{words.machine(machine)}; {words.commit(machine)}")
    yield words.tally(document["ratios"])
    yield "<br>".join(_told(ratio) for ratio in document["ratios"][:MAIN_RATIOS])
    yield ", ".join(
        f"[{ending.upper()}]({stem(document)}.{ending})"
        for ending in ("json", "svg", "png")
        if (folder / f"{stem(document)}.{ending}").exists()
    )


def _told(ratio: Mapping[str, Any]) -> str:
    return (
        f"{marked.cell(ratio['title'])}: {words.ratio_value(ratio)} "
        f"({words.goal(ratio)}, {words.verdict(ratio)})"
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        document: dict[str, Any] = json.loads(path.read_bytes())
        missing = {"machine", "ratios", "started_at", "form"} - document.keys()
    except (ValueError, AttributeError) as error:
        raise RunUnreadable(f"{path.name} is not a saved run: {error}") from error
    if missing:
        raise RunUnreadable(f"{path.name} is not a saved run: it has no {sorted(missing)}.")
    return document
