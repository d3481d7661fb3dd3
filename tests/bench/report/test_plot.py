"""The figure: small, the same every time, and as honest as the tables."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

from tests.bench.figures import Ratio
from tests.bench.report import plot
from tests.bench.report.goals import reach
from tests.bench.report.samples import UNMET, whole

if TYPE_CHECKING:
    from pathlib import Path


def test_the_plot_is_small_well_formed_and_the_same_every_time(tmp_path: Path) -> None:
    paths = [plot.write(whole(), tmp_path / name) for name in ("one", "two")]
    first, second = (path.read_bytes() for path in paths)
    assert first == second
    assert paths[0].name == "2026-11-23.svg"
    assert len(first) < plot.SVG_BYTES_MAX
    text = " ".join(ET.fromstring(first).itertext())
    assert "3 of 5 goals are met, 2 not" in text
    assert text.count("✗ not met") == len(UNMET)
    assert "The djstripe acks per s" in text
    assert "p99.9" in text


def test_a_plot_that_is_too_large_as_svg_becomes_the_only_png(tmp_path: Path) -> None:
    plot.write(whole(), tmp_path)
    path = plot.write(whole(), tmp_path, svg_bytes_max=1)
    assert path.read_bytes().startswith(b"\x89PNG")
    assert list(tmp_path.iterdir()) == [path]


def test_reach_is_above_one_exactly_where_the_goal_is_met() -> None:
    assert reach(Ratio("", "", 1.6, 0.8).as_json()) == 2
    assert reach(Ratio("", "", 60, 30, at_most=True).as_json()) == 0.5
    assert reach(Ratio("", "", 0, 0, at_most=True).as_json()) is None
    assert reach(Ratio("", "", None, 1).as_json()) is None
