"""Two panels of horizontal bars: throughput, and CPU time process by process."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from matplotlib.ticker import FuncFormatter

from tests.bench.report import panel, words
from tests.bench.report.panel import Panel

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    Row = tuple[str, Mapping[str, Any]]

CPU_TIMES_OURS_MAX = 4.0
"""A bar is cut at so many times our longest: one slow peer must not make all others a speck."""

SEGMENT_SHARE_MIN = 0.075
"""A part of a bar narrower than this share of the axis has no room for its number."""


def throughput(document: Mapping[str, Any]) -> Panel | None:
    """Return what was done in a second: ours, floors, peers."""
    shown = [(group, told) for group, told in _per_second(document) if told["median"] is not None]
    if not shown:
        return None
    return Panel(panel.across_height_in(len(shown)), partial(_draw_throughput, shown))


def cpu(document: Mapping[str, Any]) -> Panel | None:
    """Return the CPU time of one event, process by process."""
    shown = [(group, told) for group, told in _per_second(document) if _spent(told)]
    if not shown:
        return None
    more_in = panel.legend_more_in(len(_styles(shown)))
    return Panel(panel.across_height_in(len(shown)) + more_in, partial(_draw_cpu, shown))


def _draw_throughput(shown: Sequence[Row], figure: Figure, above_in: float) -> None:
    axes = panel.across(figure, above_in, len(shown))
    panel.heading(figure, "Throughput a second: median, lowest to highest round", above_in)
    panel.rows(axes, [told["title"] for _, told in shown])
    highest = max(told["high"] for _, told in shown)
    axes.set_xlim(0, highest * 1.16 or 1)
    for row, (group, told) in enumerate(shown):
        low, middle, high = told["low"], told["median"], told["high"]
        axes.barh(row, middle, height=0.52, color=panel.GROUP_COLOURS[group])
        if high > low:
            spread = [[middle - low], [high - middle]]
            axes.errorbar(middle, row, xerr=spread, color=panel.INK, capsize=3, linewidth=1.1)
        axes.annotate(
            words.number(middle), (high, row), (6, 0), textcoords="offset points", va="center"
        )
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: words.number(value)))
    groups = dict.fromkeys(group for group, _ in shown)
    panel.legend(
        axes,
        {panel.GROUP_WORDS[group]: {"color": panel.GROUP_COLOURS[group]} for group in groups},
    )


def _draw_cpu(shown: Sequence[Row], figure: Figure, above_in: float) -> None:
    styles, end = _styles(shown), _longest(shown)
    axes = panel.across(figure, above_in + panel.legend_more_in(len(styles)), len(shown))
    cut = any(sum(_spent(told).values()) > end for _, told in shown)
    title = "CPU time of one event, µs"
    panel.heading(figure, f"{title} (» cut short)" if cut else title, above_in)
    panel.rows(axes, [told["title"] for _, told in shown])
    axes.set_xlim(0, end * 1.14 or 1)
    for row, (_, told) in enumerate(shown):
        _draw_stack(axes, row, _spent(told), styles, end)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: words.number(value)))
    panel.legend(axes, styles)


def _styles(shown: Sequence[Row]) -> dict[str, dict[str, Any]]:
    """Return a style for each process; hatched where there are more of them than colours."""
    names = dict.fromkeys(name for _, told in shown for name in _spent(told))
    count = len(panel.SERIES_COLOURS)
    return {
        name: {
            "facecolor": panel.SERIES_COLOURS[at % count],
            "hatch": "///" if at >= count else None,
            "edgecolor": "white",
            "linewidth": 0.6,
        }
        for at, name in enumerate(names)
    }


def _longest(shown: Sequence[Row]) -> float:
    """Return where the longest bar ends, which is where those that are far longer are cut."""
    totals = [(group, sum(_spent(told).values())) for group, told in shown]
    longest = max(total for _, total in totals)
    ours = max((total for group, total in totals if group == "ours"), default=0.0)
    return min(longest, ours * CPU_TIMES_OURS_MAX) if ours else longest


def _draw_stack(
    axes: Axes,
    row: int,
    spent: Mapping[str, float],
    styles: Mapping[str, Mapping[str, Any]],
    end: float,
) -> None:
    left, total = 0.0, sum(spent.values())
    for name, style in styles.items():
        width = min(spent.get(name, 0.0), end - left)
        if width <= 0:
            continue
        axes.barh(row, width, left=left, height=0.52, **style)
        if width > end * SEGMENT_SHARE_MIN:
            ink = panel.INK if style["facecolor"] in panel.LIGHT_COLOURS else "white"
            told, middle = words.number(spent[name]), left + width / 2
            axes.text(middle, row, told, ha="center", va="center", color=ink, fontsize=7.5)
        left += width
    told = f"» {words.number(total)}" if total > end else words.number(total)
    axes.annotate(told, (left, row), (5, 0), textcoords="offset points", va="center")


def _per_second(document: Mapping[str, Any]) -> list[Row]:
    return [
        (group, told)
        for group in panel.GROUP_COLOURS
        for name, told in document[group].items()
        if name.endswith("_per_s")
    ]


def _spent(told: Mapping[str, Any]) -> Mapping[str, float]:
    spent: Mapping[str, float] = told.get("cpu_us_per_event", {})
    return spent
