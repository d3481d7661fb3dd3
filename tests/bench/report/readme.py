"""The README's figures: goals and what was reached, met or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.bench.report import marked, words
from tests.bench.report.document import stem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

BEGIN = "<!-- bench:begin -->"
END = "<!-- bench:end -->"
FOLDER = "docs/benchmarks"
PICTURES = ("svg", "png")


def write(readme: Path, document: Mapping[str, Any]) -> bool:
    """Rewrite the block between the marks; return whether the page changed.

    Links to the picture and to the list of runs only where they are saved already. Raises
    MarksMissing.
    """
    folder = readme.parent / FOLDER
    lines = [*_table(document), "", _verdicts(document), "", _origin(document), ""]
    links = [f"[every figure]({FOLDER}/{stem(document)}.json)"]
    if (folder / "README.md").exists():
        links.append(f"[all runs]({FOLDER}/README.md)")
    lines.append(f"Read {' · '.join(links)}.")
    for ending in PICTURES:
        name = f"{stem(document)}.{ending}"
        if (folder / name).exists():
            lines += ["", f"![Goals, throughput, latency and CPU of this run]({FOLDER}/{name})"]
            break
    return marked.rewrite(readme, begin=BEGIN, end=END, text="\n".join(lines))


def _table(document: Mapping[str, Any]) -> Iterator[str]:
    yield "| measured | value | goal | |"
    yield "|---|---:|---:|---|"
    for ratio in document["ratios"]:
        title = marked.cell(ratio["title"])
        if ratio.get("note"):
            title += f"<br><sub>{marked.cell(ratio['note'])}</sub>"
        verdict = words.verdict(ratio) if ratio["met"] else f"**{words.verdict(ratio)}**"
        yield f"| {title} | {words.ratio_value(ratio)} | {words.goal(ratio)} | {verdict} |"


def _verdicts(document: Mapping[str, Any]) -> str:
    tally = words.tally(document["ratios"])
    return (
        f"{tally[0].upper()}{tally[1:]}. Invariants of these runs: "
        f"{words.invariants(document['invariants'])}."
    )


def _origin(document: Mapping[str, Any]) -> str:
    machine = document["machine"]
    date = document["started_at"][:10]
    return (
        f"`{words.command(document)}`, {date}, {words.commit(machine)}, on one machine: "
        f"{words.machine(machine)}."
    )
