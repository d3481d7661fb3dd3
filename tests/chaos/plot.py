"""The plot: throughput, latency and what is open over time, and below them every fault as a mark.

Drawn by hand as SVG, so that it needs nothing but a browser. Lines are named at their ends, and
faults are rows of their own: nobody needs colours to tell them apart.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, NamedTuple

from tests.chaos.panels import (
    LEFT,
    PANEL_HEIGHT,
    RIGHT,
    STEPS_S,
    WIDTH,
    Axis,
    Line,
    Panel,
    drawn,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.chaos.seconds import Second
    from tests.chaos.watching.looks import Look

TOP, GAP = 56, 34
ROW_HEIGHT = 13
MARK_WIDTH_MIN = 2.0
LATENCY_MS_MIN = 1.0
MS = 1_000.0

STYLE = (
    "text{font:11px system-ui,sans-serif;fill:#333}.title{font-size:15px;font-weight:600}"
    ".grid{stroke:#e4e4e4}.mark{fill:#b3261e;opacity:.75}.alone{fill:#6a1b9a;opacity:.85}"
    ".shade{fill:#b3261e;opacity:.05}.line{fill:none;stroke-width:1.4}"
    ".c0{stroke:#1b6e3c}.c1{stroke:#c77700;stroke-dasharray:5 2}"
    ".c2{stroke:#b3261e;stroke-dasharray:2 2}"
)


class Mark(NamedTuple):
    """A fault that struck, in seconds since the load began; `alone` was measured for a bound."""

    kind: str
    begins_s: float
    ends_s: float
    alone: bool


class Story(NamedTuple):
    """What is to be drawn; times are monotonic, `began_s` is when the load began."""

    title: str
    began_s: float
    lasts_s: float
    seconds: Sequence[Second]
    looks: Sequence[Look]
    marks: Sequence[Mark]


def svg(story: Story) -> str:
    """Return the drawing."""
    panels = _panels(story)
    kinds = sorted({mark.kind for mark in story.marks})
    rows_top = TOP + len(panels) * (PANEL_HEIGHT + GAP)
    height = rows_top + len(kinds) * ROW_HEIGHT + 2 * GAP
    x = Axis(story.lasts_s)
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
            f'width="{WIDTH}" height="{height}" role="img">'
        ),
        f'<style>{STYLE}</style><rect width="100%" height="100%" fill="#fff"/>',
        f'<text class="title" x="12" y="26">{escape(story.title)}</text>',
    ]
    for number, panel in enumerate(panels):
        top = TOP + number * (PANEL_HEIGHT + GAP)
        parts += _shades(story.marks, x, top)
        parts += drawn(panel, x, top)
    parts += _rows(story.marks, kinds, x, rows_top)
    parts += _times(x, rows_top + len(kinds) * ROW_HEIGHT + 14)
    return "\n".join([*parts, "</svg>"])


def _panels(story: Story) -> list[Panel]:
    def over(values: Iterator[tuple[float, float]]) -> list[tuple[float, float]]:
        shown = ((at_s - story.began_s, value) for at_s, value in values)
        return [(at_s, value) for at_s, value in shown if 0 <= at_s <= story.lasts_s]

    seconds = story.seconds
    return [
        Panel(
            "webhooks answered a second",
            [
                Line("200", over((s.at_s, s.ok) for s in seconds)),
                Line("refused", over((s.at_s, s.refused) for s in seconds)),
                Line("no answer", over((s.at_s, s.unknown) for s in seconds)),
            ],
        ),
        Panel(
            "latency from the intended time, ms (logarithmic)",
            [
                Line("p50", over((s.at_s, s.p50_s * MS) for s in seconds)),
                Line("p99", over((s.at_s, s.p99_s * MS) for s in seconds)),
            ],
            is_logarithmic=True,
            floor=LATENCY_MS_MIN,
        ),
        Panel(
            "events still to be applied",
            [Line("open", over((look.at_s, look.events) for look in story.looks))],
        ),
    ]


def _shades(marks: Sequence[Mark], x: Axis, top: float) -> Iterator[str]:
    """Shade the times of faults behind the lines."""
    for mark in marks:
        begins, width = _extent(mark, x)
        yield (
            f'<rect class="shade" x="{begins}" y="{top}" width="{width}" height="{PANEL_HEIGHT}"/>'
        )


def _rows(marks: Sequence[Mark], kinds: Sequence[str], x: Axis, top: float) -> Iterator[str]:
    """Draw a row for each kind, with a bar for each time it struck."""
    title = "faults; those in purple stood alone and were measured"
    yield f'<text x="{LEFT}" y="{top - 7}" font-weight="600">{title}</text>'
    for number, kind in enumerate(kinds):
        y = top + number * ROW_HEIGHT
        yield f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y + 6}" y2="{y + 6}"/>'
        yield f'<text x="{LEFT - 6}" y="{y + 10}" text-anchor="end">{escape(kind)}</text>'
        for mark in marks:
            if mark.kind == kind:
                begins, width = _extent(mark, x)
                name = "alone" if mark.alone else "mark"
                yield (
                    f'<rect class="{name}" x="{begins}" y="{y + 2}" width="{width}" height="9">'
                    f"<title>{escape(kind)} at {mark.begins_s:.1f} s</title></rect>"
                )


def _extent(mark: Mark, x: Axis) -> tuple[float, float]:
    begins = x(mark.begins_s)
    return begins, round(max(MARK_WIDTH_MIN, x(mark.ends_s) - begins), 1)


def _times(x: Axis, y: float) -> Iterator[str]:
    for at_s in x.ticks_s():
        words = f"{at_s} s" if x.lasts_s <= STEPS_S[-2] else f"{at_s // 60} min"
        yield f'<text x="{x(at_s)}" y="{y}" text-anchor="middle">{words}</text>'
