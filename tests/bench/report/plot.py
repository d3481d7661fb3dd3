"""The figure: four panels, one below the other, as wide as a README."""

from __future__ import annotations

import io
import textwrap
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib.figure import Figure

from tests.bench.report import bars, goals, latency, words
from tests.bench.report.document import stem
from tests.bench.report.panel import EDGE_IN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tests.bench.report.panel import Panel

WIDTH_IN = 9.375
"""900 px wherever a point is 4/3 px: as wide as a page shows a picture."""

TOP_IN = 0.5
ORIGIN_COLUMNS = 120
ORIGIN_LINE_IN = 0.16
SVG_BYTES_MAX = 300_000
PNG_DPI = 192
"""Twice 96, for screens that show two pixels for one."""

STYLE: Any = {
    # The widest of the usual fonts: text laid out for it has room in any other. A reader without it
    # sees their own.
    "font.family": ["sans-serif"],
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 8.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#888888",
    "axes.axisbelow": True,
    "grid.color": "#e4e4e4",
    "grid.linewidth": 0.7,
    # A dollar sign is money here, never the begin of a formula.
    "text.parse_math": False,
    # The same document always gives the same bytes.
    "svg.hashsalt": "payratchet",
    # Text stays text: it can be searched, and a new run can be compared with an old one.
    "svg.fonttype": "none",
}


def write(document: Mapping[str, Any], folder: Path, *, svg_bytes_max: int = SVG_BYTES_MAX) -> Path:
    """Save the figure beside the document, as SVG, or as PNG if that would be too large."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(STYLE)
        figure = _draw(document)
        drawn = _bytes(figure, "svg")
        ending = "svg"
        if len(drawn) > svg_bytes_max:
            drawn, ending = _bytes(figure, "png"), "png"
    folder.mkdir(parents=True, exist_ok=True)
    for other in {"svg", "png"} - {ending}:
        (folder / f"{stem(document)}.{other}").unlink(missing_ok=True)
    path = folder / f"{stem(document)}.{ending}"
    path.write_bytes(drawn)
    return path


def _draw(document: Mapping[str, Any]) -> Figure:
    """Stack the panels that have something to show; measures are in inches from the top."""
    every = (
        goals.reached(document),
        bars.throughput(document),
        latency.percentiles(document),
        bars.cpu(document),
    )
    panels: list[Panel] = [panel for panel in every if panel is not None]
    origin = textwrap.wrap(_origin(document), ORIGIN_COLUMNS)
    top_in = TOP_IN + ORIGIN_LINE_IN * len(origin)
    height_in = top_in + sum(panel.height_in for panel in panels)
    figure = Figure(figsize=(WIDTH_IN, height_in), facecolor="white")
    _head(figure, document, origin)
    below_in = top_in
    for panel in panels:
        panel.draw(figure, below_in)
        below_in += panel.height_in
    return figure


def _head(figure: Figure, document: Mapping[str, Any], origin: Sequence[str]) -> None:
    left, height_in = EDGE_IN / WIDTH_IN, figure.get_figheight()
    title = f"Payratchet, {document['started_at'][:10]}: {words.tally(document['ratios'])}"
    figure.text(left, 1 - 0.3 / height_in, title, fontsize=12.5, weight="bold")
    figure.text(
        left, 1 - 0.4 / height_in, "\n".join(origin), fontsize=8.5, color="#555555", va="top"
    )


def _origin(document: Mapping[str, Any]) -> str:
    """Tell what was run, and on what; the document has the rest."""
    machine = document["machine"]
    known = ("cpu", "cores", "memory_gib", "filesystem", "steal_percent")
    line = words.machine({name: machine.get(name) for name in known})
    return " · ".join(
        part for part in (words.command(document), line, words.commit(machine)) if part
    )


def _bytes(figure: Figure, ending: str) -> bytes:
    file = io.BytesIO()
    # Neither the day it was drawn nor the version of what drew it belongs in the file.
    metadata = {"Date": None, "Creator": None} if ending == "svg" else {"Software": None}
    figure.savefig(file, format=ending, dpi=PNG_DPI, facecolor="white", metadata=metadata)
    return file.getvalue()
