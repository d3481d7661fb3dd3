"""The panel of goals: how many times over each is reached."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from tests.bench.report import panel, words
from tests.bench.report.panel import Panel

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

VERDICTS_IN = 2.15
"""Room for values and verdicts of goals, to the right."""

REACH_MAX = 20.0
"""Beyond so many times its goal, or that part of it, a bar says no more and is cut."""

REACH_MIN_SHOWN = 2.0
AXIS_WORDS: tuple[tuple[float, Literal["left", "center", "right"], str], ...] = (
    (0.0, "left", "← not met"),
    (0.5, "center", "the goal"),
    (1.0, "right", "met →"),
)
AXIS_WORDS_POINTS = -26


def reached(document: Mapping[str, Any]) -> Panel | None:
    """Return how near each ratio is to its goal, on one scale whatever its unit and direction."""
    ratios: Sequence[Mapping[str, Any]] = document["ratios"]
    if not ratios:
        return None
    return Panel(panel.across_height_in(len(ratios)), partial(_draw_goals, ratios))


def reach(ratio: Mapping[str, Any]) -> float | None:
    """Return how many times over the goal is reached: 1 and more is met.

    None where there is nothing to divide: not measured, or a goal of zero.
    """
    value, goal = ratio["value"], ratio["goal"]
    if value is None or goal <= 0 or value < 0:
        return None
    if ratio["direction"] == "at most":
        return float(goal / value) if value else REACH_MAX
    return float(value / goal)


def _draw_goals(ratios: Sequence[Mapping[str, Any]], figure: Figure, above_in: float) -> None:
    axes = panel.across(figure, above_in, len(ratios), right_in=VERDICTS_IN)
    panel.heading(figure, "Goals: how many times over each is reached", above_in)
    panel.rows(axes, [ratio["title"] for ratio in ratios])
    reaches = [_cut(reach(ratio)) for ratio in ratios]
    known = [each for each in reaches if each is not None]
    axes.set_xscale("log")
    widest = max([REACH_MIN_SHOWN, *(max(each, 1 / each) for each in known)]) * 1.25
    axes.set_xlim(1 / widest, widest)
    for row, (ratio, times) in enumerate(zip(ratios, reaches, strict=True)):
        _draw_goal(axes, row, ratio, times)
    axes.axvline(1, color=panel.INK, linewidth=1.4)
    for at, side, told in AXIS_WORDS:
        axes.annotate(
            told,
            (at, 0),
            (0, AXIS_WORDS_POINTS),
            xycoords="axes fraction",
            textcoords="offset points",
            ha=side,
            color=panel.FAINT,
        )
    _plain_log(axes)


def _draw_goal(axes: Axes, row: int, ratio: Mapping[str, Any], times: float | None) -> None:
    colour = panel.MET_COLOUR if ratio["met"] else panel.NOT_MET_COLOUR
    if times is not None:
        left, right = sorted((times, 1.0))
        axes.barh(row, right - left, left=left, height=0.52, color=colour)
        axes.plot(times, row, marker="o", markersize=4.5, color=colour, zorder=3)
    sign = "✓" if ratio["met"] else "✗"
    _beside(axes, row, f"{words.ratio_value(ratio)} ({words.goal(ratio)})", 1, panel.INK)
    _beside(axes, row, f"{sign} {words.verdict(ratio)}", -10, colour)


def _beside(axes: Axes, row: int, text: str, up_points: float, colour: str) -> None:
    """Write to the right of a row, outside of the axes, above or below its middle."""
    axes.annotate(
        text,
        (1, row),
        (8, up_points),
        xycoords=axes.get_yaxis_transform(),
        textcoords="offset points",
        fontsize=8,
        color=colour,
        weight="normal" if colour == panel.INK else "bold",
        annotation_clip=False,
    )


def _plain_log(axes: Axes) -> None:
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: words.number(value)))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.minorticks_off()


def _cut(times: float | None) -> float | None:
    return None if times is None else min(max(times, 1 / REACH_MAX), REACH_MAX)
