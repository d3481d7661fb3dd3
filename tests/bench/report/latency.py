"""The panel of latency: percentiles at each rate, until the answer and until the money is there."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from tests.bench.report import panel, words
from tests.bench.report.panel import AXIS_IN, TITLE_IN, Panel
from tests.bench.report.percentiles import STAGES, points

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from tests.bench.report.percentiles import Point

HEIGHT_IN = 2.3
LEFT_IN = 0.75
BETWEEN_IN = 0.6
RIGHT_IN = 0.25
SUBHEAD_IN = 0.25
STEP = 0.13
"""How far the percentiles of one rate stand apart, so that their whiskers do not cover."""

COLOURS = ("#56b4e9", "#0072b2", "#d55e00", "#222222")
MARKERS = ("o", "s", "D", "^")


def percentiles(document: Mapping[str, Any]) -> Panel | None:
    """Return latency by rate, or None if there was none."""
    # A log axis has no place for zero.
    shown = [point for point in points(document["ours"]).values() if point.told["low"]]
    if not shown:
        return None
    return Panel(TITLE_IN + SUBHEAD_IN + HEIGHT_IN + AXIS_IN, partial(_draw, shown))


def _draw(shown: Sequence[Point], figure: Figure, above_in: float) -> None:
    stages = [stage for stage in STAGES if any(point.stage == stage for point in shown)]
    panel.heading(figure, "Latency by rate, ms: median, lowest to highest round", above_in)
    width_in = (figure.get_size_inches()[0] - LEFT_IN - RIGHT_IN - BETWEEN_IN) / 2
    low = min(point.told["low"] for point in shown)
    high = max(point.told["high"] for point in shown)
    for at, stage in enumerate(stages):
        left_in = LEFT_IN + at * (width_in + BETWEEN_IN)
        axes = panel.place(
            figure,
            above_in=above_in + TITLE_IN + SUBHEAD_IN,
            height_in=HEIGHT_IN,
            left_in=left_in,
            right_in=figure.get_size_inches()[0] - left_in - width_in,
        )
        _stage(axes, [point for point in shown if point.stage == stage])
        axes.set_ylim(low / 1.5, high * 1.5)
        axes.text(0, 1.03, STAGES[stage], transform=axes.transAxes, color=panel.INK)
        axes.legend(
            loc="lower right",
            bbox_to_anchor=(1, 1),
            ncols=len(COLOURS),
            frameon=False,
            columnspacing=1.2,
        )


def _stage(axes: Axes, shown: Sequence[Point]) -> None:
    rates = sorted({point.rate_per_s for point in shown})
    levels = sorted({(point.percentile, point.label) for point in shown})
    axes.set_yscale("log")
    for at, (level, label) in enumerate(levels):
        told = {point.rate_per_s: point.told for point in shown if point.percentile == level}
        shift = (at - (len(levels) - 1) / 2) * STEP
        places = {place + shift: told[rate] for place, rate in enumerate(rates) if rate in told}
        _line(axes, places, label, at % len(COLOURS))
    axes.set_xticks(range(len(rates)), [f"{words.number(rate)}/s" for rate in rates])
    axes.set_xlim(-0.5, len(rates) - 0.5)
    axes.set_xlabel("events sent a second", color=panel.FAINT)
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: words.number(value)))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.minorticks_off()
    axes.tick_params(labelcolor=panel.FAINT, color="#888888")
    axes.grid(axis="y")


def _line(axes: Axes, told: Mapping[float, Mapping[str, Any]], name: str, style: int) -> None:
    middle = [each["median"] for each in told.values()]
    below = [each["median"] - each["low"] for each in told.values()]
    above = [each["high"] - each["median"] for each in told.values()]
    axes.errorbar(
        list(told),
        middle,
        yerr=[below, above],
        label=name,
        color=COLOURS[style],
        marker=MARKERS[style],
        markersize=4.5,
        linewidth=1.2,
        capsize=2.5,
    )
