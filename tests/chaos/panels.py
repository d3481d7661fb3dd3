"""Panels of a plot: lines over time on one scale, with their names at their ends."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

WIDTH = 1_200
LEFT, RIGHT = 170, 110
"""The margins, in pixels; names of faults stand at the left, names of lines at the right."""

PANEL_HEIGHT = 130
TICKS_X_MAX = 12
TICKS_Y = 4
NAME_APART = 12
STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1_200, 3_600)
STEPS = (1, 2, 5, 10)


class Line(NamedTuple):
    """A line by its points: (seconds since the load began, value)."""

    name: str
    points: Sequence[tuple[float, float]]


class Panel(NamedTuple):
    """Some lines over the same time, with one scale."""

    title: str
    lines: Sequence[Line]
    is_logarithmic: bool = False
    floor: float = 0.0


class Axis(NamedTuple):
    """Time, from left to right."""

    lasts_s: float

    def __call__(self, at_s: float) -> float:
        """Return where a moment is, in pixels."""
        share = min(1.0, max(0.0, at_s / max(1.0, self.lasts_s)))
        return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)

    def ticks_s(self) -> list[int]:
        """Return the moments that are named."""
        wanted = (step for step in STEPS_S if self.lasts_s / step <= TICKS_X_MAX)
        step_s = next(wanted, STEPS_S[-1])
        return list(range(0, int(self.lasts_s) + 1, step_s))


class _Scale(NamedTuple):
    """Values, from below; `y_top` is where the panel begins."""

    floor: float
    top: float
    is_logarithmic: bool
    y_top: float

    def __call__(self, value: float) -> float:
        if self.is_logarithmic:
            whole = math.log(self.top / self.floor)
            share = math.log(max(self.floor, value) / self.floor) / whole
        else:
            share = value / self.top
        return round(self.y_top + PANEL_HEIGHT * (1 - min(1.0, share)), 1)

    def ticks(self) -> list[float]:
        if self.is_logarithmic:
            decades = round(math.log10(self.top / self.floor))
            return [self.floor * 10**number for number in range(decades + 1)]
        return [self.top * number / TICKS_Y for number in range(TICKS_Y + 1)]


def _scale(panel: Panel, y_top: float) -> _Scale:
    largest = max((value for line in panel.lines for _, value in line.points), default=0.0)
    if panel.is_logarithmic:
        decades = math.ceil(math.log10(max(panel.floor * 10, largest) / panel.floor))
        return _Scale(panel.floor, panel.floor * 10.0**decades, True, y_top)  # noqa: FBT003 - by place
    power = 10.0 ** math.floor(math.log10(max(1.0, largest)))
    top = next(step * power for step in STEPS if step * power >= largest)
    return _Scale(0.0, top, False, y_top)  # noqa: FBT003 - by place


def drawn(panel: Panel, x: Axis, top: float) -> Iterator[str]:
    """Draw a panel whose upper edge is at `top`."""
    scale = _scale(panel, top)
    yield f'<text x="{LEFT}" y="{top - 7}" font-weight="600">{escape(panel.title)}</text>'
    for value in scale.ticks():
        y = scale(value)
        yield f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>'
        yield f'<text x="{LEFT - 6}" y="{y + 4}" text-anchor="end">{value:g}</text>'
    ends = []
    for number, line in enumerate(panel.lines):
        if line.points:
            path = "L".join(f"{x(at_s)} {scale(value)}" for at_s, value in line.points)
            yield f'<path class="line c{number}" d="M{path}"/>'
            ends.append((scale(line.points[-1][1]), line.name))
    lowest = float(top)
    for y, name in sorted(ends):
        lowest = max(y, lowest)
        yield f'<text x="{WIDTH - RIGHT + 6}" y="{lowest + 4}">{escape(name)}</text>'
        lowest += NAME_APART
