"""Plots: lines over time as SVG. Pure: from numbers to markup, without script and without style.

Lines differ by their dashes and are named at their ends, so that nobody needs colours to tell them
apart. The same numbers stand in a table beside the drawing.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH, HEIGHT = 300, 140
LEFT, RIGHT, TOP, BOTTOM = 40, 84, 10, 24
"""The size of a plot and of its margins, in units of its own: about a pixel each."""

TICKS_Y_MAX = 4
LABEL_APART = 13
LABEL_BELOW = 8
"""Steps of the scale, the least distance between the names of two lines, and what the lowest of
them needs below its middle."""

_STEPS = (1, 2, 5)


class Line(NamedTuple):
    """One line: its name, and a value for each place; None leaves a gap."""

    name: str
    values: Sequence[float | None]


class Plot(NamedTuple):
    """What is drawn. `ticks` are places on the axis of time; `unit` is for a heading beside it."""

    id: str
    title: str
    unit: str
    summary: str
    lines: Sequence[Line]
    ticks: Sequence[tuple[int, str]]


def svg(plot: Plot) -> Markup:
    """Return the drawing, named and described for those who do not see it."""
    top = ceiling(max((v for line in plot.lines for v in line.values if v is not None), default=0))
    places = max((len(line.values) for line in plot.lines), default=0)
    scale = _Scale(top, places)
    title = Markup('<title id="{0}-title">{1}</title>').format(plot.id, plot.title)
    summary = Markup('<desc id="{0}-desc">{1}</desc>').format(plot.id, plot.summary)
    parts = [title, summary, *_grid(scale), *_times(scale, plot.ticks)]
    parts += _drawn(scale, plot.lines)
    head = Markup(
        '<svg class="plot" viewBox="0 0 {0} {1}" role="img" aria-labelledby="{2}-title {2}-desc">'
    )
    return head.format(WIDTH, HEIGHT, plot.id) + Markup("").join(parts) + Markup("</svg>")


def ceiling(largest: float) -> float:
    """Return the end of the scale: at least the largest value, and a number people read easily."""
    if largest <= 0:
        return 1.0
    for power in (10.0 ** math.floor(math.log10(largest)), 10.0 ** math.ceil(math.log10(largest))):
        for step in _STEPS:
            if step * power >= largest:
                return step * power
    return largest


def short(value: float) -> str:
    """Write a number in few characters."""
    for unit, size in (("M", 1_000_000), ("k", 1_000)):
        if abs(value) >= size:
            return f"{value / size:.3g}{unit}"
    return f"{value:.3g}"


class _Scale(NamedTuple):
    top: float
    places: int

    def x(self, place: int) -> float:
        width = WIDTH - LEFT - RIGHT
        return round(LEFT + width * place / max(1, self.places - 1), 1)

    def y(self, value: float) -> float:
        height = HEIGHT - TOP - BOTTOM
        return round(HEIGHT - BOTTOM - height * value / self.top, 1)


def _grid(scale: _Scale) -> list[Markup]:
    lines = []
    for number in range(TICKS_Y_MAX + 1):
        value = scale.top * number / TICKS_Y_MAX
        y = scale.y(value)
        rule = Markup('<line class="grid" x1="{0}" x2="{1}" y1="{2}" y2="{2}"/>')
        words = Markup('<text class="tick" x="{0}" y="{1}" text-anchor="end">{2}</text>')
        lines.append(rule.format(LEFT, WIDTH - RIGHT, y))
        lines.append(words.format(LEFT - 5, y + 3.5, short(value)))
    return lines


def _times(scale: _Scale, ticks: Sequence[tuple[int, str]]) -> list[Markup]:
    words = Markup('<text class="tick" x="{0}" y="{1}" text-anchor="middle">{2}</text>')
    return [words.format(scale.x(place), HEIGHT - 8, label) for place, label in ticks]


def _drawn(scale: _Scale, lines: Sequence[Line]) -> list[Markup]:
    drawn, named = [], []
    for number, line in enumerate(lines, start=1):
        path = Markup('<path class="line line-{0}" d="{1}"/>')
        drawn.append(path.format(number, _path(scale, line.values)))
        ends = [(p, v) for p, v in enumerate(line.values) if v is not None]
        if ends:
            place, value = ends[-1]
            named.append((scale.y(value), scale.x(place), number, f"{line.name} {short(value)}"))
    return drawn + _names(named)


def _path(scale: _Scale, values: Sequence[float | None]) -> str:
    """Return the line as moves and strokes: after a gap it begins anew, with a dot."""
    steps, is_gap = [], True
    for place, value in enumerate(values):
        if value is not None:
            x, y = scale.x(place), scale.y(value)
            steps.append(f"M{x} {y}h0" if is_gap else f"L{x} {y}")
        is_gap = value is None
    return " ".join(steps)


def _names(named: list[tuple[float, float, int, str]]) -> list[Markup]:
    """Write the lines' names at their ends, moved apart where they would lie on each other."""
    words = Markup('<text class="name name-{0}" x="{1}" y="{2}">{3}</text>')
    named = sorted(named)
    places = _apart([y for y, *_ in named])
    return [
        words.format(number, WIDTH - RIGHT + 4, round(y + 3.5, 1), name)
        for y, (_, _, number, name) in zip(places, named, strict=True)
    ]


def _apart(places: Sequence[float]) -> list[float]:
    """Move places down until none lies on another, then up again what fell out of the plot."""
    lowered, free = [], float(TOP)
    for y in places:
        lowered.append(max(y, free))
        free = lowered[-1] + LABEL_APART
    raised, free = [], float(HEIGHT - LABEL_BELOW)
    for y in reversed(lowered):
        raised.append(min(y, free))
        free = raised[-1] - LABEL_APART
    return raised[::-1]
