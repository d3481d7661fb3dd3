"""A panel: how tall it is, and how it draws itself; lengths are inches, so that nothing overlaps.

Text needs the same room however much is shown, so room is given in inches and never in shares.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from matplotlib.patches import Patch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TITLE_IN = 0.42
HEADING_IN = 0.3
EDGE_IN = 0.15
RIGHT_IN = 0.25
AXIS_IN = 0.56
ROW_IN = 0.36
LEGEND_COLUMNS_MAX = 6
LEGEND_ROW_IN = 0.2
LABELS_IN = 3.0
"""Room for the labels of rows, to the left."""

LABEL_COLUMNS = 42
LABEL_LINES_MAX = 2

GROUP_COLOURS = {"ours": "#0072b2", "floors": "#8c8c8c", "peers": "#e69f00"}
GROUP_WORDS = {"ours": "ours", "floors": "floors of this machine", "peers": "peers"}
SERIES_COLOURS = (
    "#0072b2",
    "#e69f00",
    "#009e73",
    "#cc79a7",
    "#56b4e9",
    "#d55e00",
    "#b8ad1e",
    "#666666",
)
"""Okabe and Ito's, which colour-blind readers can tell apart; the yellow darker, for white."""

LIGHT_COLOURS = {"#e69f00", "#cc79a7", "#56b4e9", "#b8ad1e"}
INK = "#222222"
FAINT = "#555555"
MET_COLOUR = "#009e73"
NOT_MET_COLOUR = "#d55e00"


@dataclass(frozen=True, slots=True)
class Panel:
    """One part of the figure; `draw` is told how many inches lie above it."""

    height_in: float
    draw: Callable[[Figure, float], None]


def place(
    figure: Figure, *, above_in: float, height_in: float, left_in: float, right_in: float
) -> Axes:
    """Return axes of a height, below what is above, between two margins."""
    width, height = figure.get_size_inches()
    bottom = height - above_in - height_in
    return figure.add_axes(
        (
            left_in / width,
            bottom / height,
            (width - left_in - right_in) / width,
            height_in / height,
        )
    )


def across(figure: Figure, above_in: float, count: int, *, right_in: float = RIGHT_IN) -> Axes:
    """Return axes as wide as the page, with so many rows, below the panel's title."""
    return place(
        figure,
        above_in=above_in + TITLE_IN,
        height_in=ROW_IN * count,
        left_in=LABELS_IN,
        right_in=right_in,
    )


def across_height_in(count: int) -> float:
    """Return the height of a panel that has so many rows."""
    return TITLE_IN + ROW_IN * count + AXIS_IN


def rows(axes: Axes, titles: Sequence[str]) -> None:
    """Give the axes one row for each title, the first on top."""
    axes.set_yticks(range(len(titles)), [wrapped(title) for title in titles])
    axes.set_ylim(len(titles) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.tick_params(axis="x", labelcolor=FAINT, color="#888888")
    axes.grid(axis="x")


def heading(figure: Figure, text: str, above_in: float) -> None:
    """Put a panel's title at its top, from the left edge of the page."""
    width, height = figure.get_size_inches()
    figure.text(
        EDGE_IN / width,
        1 - (above_in + HEADING_IN) / height,
        text,
        fontsize=10.5,
        weight="bold",
        color=INK,
    )


def wrapped(title: str) -> str:
    """Return the title in at most two lines."""
    lines = textwrap.wrap(
        " ".join(title.split()), LABEL_COLUMNS, max_lines=LABEL_LINES_MAX, placeholder=" …"
    )
    return "\n".join(lines)


def legend(axes: Axes, styles: Mapping[str, Mapping[str, Any]]) -> None:
    """Name the styles above the axes, to the right, where no bar comes."""
    axes.legend(
        handles=[Patch(label=name, **style) for name, style in styles.items()],
        loc="lower right",
        bbox_to_anchor=(1, 1),
        ncols=min(len(styles), LEGEND_COLUMNS_MAX),
        frameon=False,
        handlelength=1,
        handleheight=0.9,
        columnspacing=1.2,
    )


def legend_more_in(count: int) -> float:
    """Return the room that a legend of so many names needs beyond its first line."""
    return LEGEND_ROW_IN * ((count - 1) // LEGEND_COLUMNS_MAX)
