"""The tables: what a person reads on the terminal at the end of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich import box
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from tests.bench.report import words
from tests.bench.report.document import stem
from tests.bench.report.percentiles import STAGES, points

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rich.console import Console

    from tests.bench.report.percentiles import Point

TITLES = {"floors": "Floors: what this machine can do", "peers": "Peers", "ours": "Ours"}


def show(console: Console, document: Mapping[str, Any]) -> None:
    """Print everything, the goals first."""
    console.print()
    console.print(_headline(document))
    if document["ratios"]:
        console.print(_ratios(document["ratios"]))
    latency = points(document["ours"])
    for group, title in TITLES.items():
        figures = [told for name, told in document[group].items() if name not in latency]
        if figures:
            console.print(_figures(title, figures))
    if latency:
        console.print(_latency(list(latency.values())))
    console.print(_invariants(document["invariants"]))


def _headline(document: Mapping[str, Any]) -> Panel:
    every = all(ratio["met"] for ratio in document["ratios"])
    tally = words.tally(document["ratios"])
    text = Text.assemble(
        (tally[0].upper() + tally[1:], "bold green" if every else "bold yellow"),
        f" · {document['took_s']:.0f} s · seed {document['seed']}"
        f" · {words.commit(document['machine'])}\n",
        (words.machine(document["machine"]), "dim"),
    )
    return Panel(text, title=f"Payratchet: benchmark {stem(document)}", box=box.ROUNDED)


def _ratios(ratios: Sequence[Mapping[str, Any]]) -> Table:
    table = _table("Ratios and their goals")
    table.add_column("what", ratio=1, overflow="fold")
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("goal", justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for ratio in ratios:
        table.add_row(_titled(ratio), words.ratio_value(ratio), words.goal(ratio), _verdict(ratio))
    return table


def _verdict(ratio: Mapping[str, Any]) -> Text:
    word = words.verdict(ratio)
    return Text(f"✓ {word}", "green") if ratio["met"] else Text(f"✗ {word}", "bold red")


def _figures(title: str, told: Sequence[Mapping[str, Any]]) -> Table:
    table = _table(title)
    table.add_column("figure", ratio=1, overflow="fold")
    table.add_column("median", justify="right", no_wrap=True)
    table.add_column(f"low{words.DASH}high", justify="right", no_wrap=True)
    has_cpu = any(figure.get("cpu_us_per_event") for figure in told)
    if has_cpu:
        table.add_column("CPU µs an event", ratio=1, overflow="fold")
    for figure in told:
        median = words.quantity(figure["median"], figure["unit"])
        cpu = [_cpu(figure)] if has_cpu else []
        table.add_row(_titled(figure), median, _spread(figure), *cpu)
    return table


def _latency(points: Sequence[Point]) -> Table:
    """Return one row for each stage and rate: a row for each percentile is too long to compare."""
    table = _table("Ours: latency in ms, the median of the rounds (lowest to highest)")
    table.add_column("stage", ratio=1)
    table.add_column("rate", justify="right", no_wrap=True)
    levels = sorted({(point.percentile, point.label) for point in points})
    for _, label in levels:
        table.add_column(label, justify="right")
    rows = {(point.stage, point.rate_per_s): STAGES[point.stage] for point in points}
    told = {(point.stage, point.rate_per_s, point.percentile): point.told for point in points}
    for (stage, rate_per_s), title in sorted(rows.items()):
        cells = [_milliseconds(told.get((stage, rate_per_s, level))) for level, _ in levels]
        table.add_row(title, f"{words.number(rate_per_s)}/s", *cells)
    return table


def _milliseconds(told: Mapping[str, Any] | None) -> Text:
    if told is None or told["median"] is None:
        return Text(words.DASH, "dim")
    return Text.assemble(words.number(told["median"]), (f" ({_spread(told)})", "dim"))


def _titled(told: Mapping[str, Any]) -> Text:
    text = Text(told["title"])
    if told.get("note"):
        text.append(f"\n{told['note']}", "dim")
    return text


def _spread(figure: Mapping[str, Any]) -> str:
    if figure["median"] is None or len(figure["rounds"]) == 1:
        return words.DASH
    return f"{words.number(figure['low'])}{words.DASH}{words.number(figure['high'])}"


def _cpu(figure: Mapping[str, Any]) -> Text:
    spent: Mapping[str, float] = figure.get("cpu_us_per_event", {})
    if not spent:
        return Text(words.DASH, "dim")
    text = Text(" + ", "dim").join(_shares(spent))
    if len(spent) == 1:
        return text
    return Text.assemble(words.number(sum(spent.values())), (" = ", "dim"), text)


def _shares(spent: Mapping[str, float]) -> Iterator[Text]:
    for name, cpu_us in sorted(spent.items(), key=lambda item: -item[1]):
        yield Text.assemble((f"{name}{words.NO_BREAK}", "dim"), words.number(cpu_us))


def _invariants(invariants: Sequence[Mapping[str, Any]]) -> Text:
    holds = bool(invariants) and all(each["holds"] for each in invariants)
    told = words.invariants(invariants)
    return Text.assemble("Invariants: ", (told, "green" if holds else "bold white on red"))


def _table(title: str) -> Table:
    return Table(
        title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, expand=True
    )
