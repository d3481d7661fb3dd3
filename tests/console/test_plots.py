"""Plots: numbers become lines that can be read without colours, script or sight."""

from __future__ import annotations

import itertools
import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.console import plots
from workers.console.plots import HEIGHT, LEFT, RIGHT, WIDTH, Line, Plot, ceiling, short, svg
from workers.console.plotted import MINUTES, rates
from workers.console.plotted import plots as plotted

NAME = "{http://www.w3.org/2000/svg}"
NOW = datetime(2026, 11, 23, 15, 4, 30, tzinfo=UTC)
MINUTE = NOW.replace(second=0)


def drawn(*lines: Line, ticks: tuple[tuple[int, str], ...] = ()) -> ET.Element:
    text = str(svg(Plot("p", "Title", "ms", "what it says", lines, ticks)))
    return ET.fromstring(text.replace("<svg ", f'<svg xmlns="{NAME[1:-1]}" ', 1))


def words(drawing: ET.Element, kind: str) -> list[str]:
    return [e.text or "" for e in drawing.iter(f"{NAME}text") if kind in e.attrib["class"]]


def sample(minutes_ago: int, **counted: Any) -> dict[str, Any]:
    empty = {"accepted": 0, "applied": 0, "refused": 0, "p50_ms": None, "p99_ms": None}
    stands: dict[str, Any] = {
        "unfinished": 0,
        "oldest_s": None,
        "open_letters": 0,
        "owed_minor": {},
    }
    return {"minute": MINUTE - timedelta(minutes=minutes_ago), **empty, **stands, **counted}


def test_a_plot_is_named_and_described_for_those_who_do_not_see_it() -> None:
    drawing = drawn(Line("a", [1, 2]))

    assert drawing.attrib["role"] == "img"
    assert drawing.attrib["aria-labelledby"] == "p-title p-desc"
    assert drawing.findtext(f"{NAME}title") == "Title"
    assert drawing.findtext(f"{NAME}desc") == "what it says"


def test_a_gap_parts_a_line_and_a_lone_value_is_a_dot() -> None:
    [path] = drawn(Line("a", [1, 2, None, 4, None, 1])).iter(f"{NAME}path")

    assert path.attrib["d"].count("M") == 3
    assert path.attrib["d"].count("L") == 1
    assert path.attrib["d"].endswith("h0")


def test_each_line_is_named_at_its_end_and_no_name_lies_on_another() -> None:
    drawing = drawn(Line("a", [5, 5]), Line("b", [5, 5]), Line("c", [5, 4.9]))

    assert sorted(words(drawing, "name")) == ["a 5", "b 5", "c 4.9"]
    places = [float(e.attrib["y"]) for e in drawing.iter(f"{NAME}text") if e.text in {"a 5", "b 5"}]
    assert abs(places[0] - places[1]) >= plots.LABEL_APART


def test_names_of_lines_that_end_at_the_bottom_stay_within_the_plot() -> None:
    drawing = drawn(*(Line(name, [0, 0]) for name in ("accepted", "applied", "refused")))

    texts = [each for each in drawing.iter(f"{NAME}text") if "name" in each.attrib["class"]]
    places = sorted(float(each.attrib["y"]) for each in texts)
    assert len(places) == 3
    assert places[-1] <= HEIGHT - 4
    assert all(b - a >= plots.LABEL_APART for a, b in itertools.pairwise(places))


def test_what_is_drawn_cannot_be_markup_and_has_no_style_of_its_own() -> None:
    hostile = "</svg><script>alert(1)</script>"
    text = str(svg(Plot("p", hostile, "", hostile, [Line(hostile, [1])], [(0, hostile)])))

    assert "<script" not in text
    assert "style=" not in text


def test_nothing_is_drawn_of_nothing() -> None:
    drawing = drawn(Line("a", [None, None]))

    assert [path.attrib["d"] for path in drawing.iter(f"{NAME}path")] == [""]
    assert words(drawing, "name") == []


@given(st.lists(st.none() | st.floats(0, 1e9), min_size=1, max_size=61))
def test_every_line_stays_within_its_plot(values: list[float | None]) -> None:
    [path] = drawn(Line("a", values)).iter(f"{NAME}path")

    for step in path.attrib["d"].replace("h0", "").replace("M", "L").split("L")[1:]:
        x, y = map(float, step.split())
        assert LEFT <= x <= WIDTH - RIGHT
        assert 0 <= y <= HEIGHT


@given(st.floats(1e-6, 1e12))
def test_a_scale_ends_soon_above_its_largest_value(largest: float) -> None:
    assert largest <= ceiling(largest) <= 2.5 * largest * (1 + 1e-9)


@pytest.mark.parametrize(
    ("value", "written"), [(0, "0"), (0.154, "0.154"), (999, "999"), (1_500, "1.5k"), (2e6, "2M")]
)
def test_numbers_are_written_short(value: float, written: str) -> None:
    assert short(value) == written


def test_a_rate_is_what_was_counted_since_the_newest_sample_old_enough_to_tell() -> None:
    taken = [sample(2, accepted=0), sample(0, accepted=600, applied=600)]
    counted = {"accepted": 900, "applied": 660, "refused": 3}

    assert rates(taken, counted, NOW) == {"accepted": 10, "applied": 2, "refused": 0.1}
    early = MINUTE + timedelta(seconds=5)
    assert rates(taken, counted, early)["accepted"] == pytest.approx(900 / 125)


def test_counters_that_begin_anew_and_minutes_without_a_sample_are_unknown_and_not_zero() -> None:
    fallen = sample(0, accepted=50)
    assert rates([fallen], {"accepted": 7, "applied": 0, "refused": 0}, NOW)["accepted"] is None
    assert rates([], {"accepted": 7, "applied": 0, "refused": 0}, NOW)["accepted"] is None

    taken = [sample(5), sample(4, accepted=60), sample(2, accepted=90), sample(1, accepted=10)]
    events = plotted(taken, NOW)[0].plot.lines[0]
    assert len(events.values) == MINUTES
    assert list(events.values)[-6:] == [None, 1, None, None, None, None]


def test_the_table_beside_a_plot_has_its_very_numbers() -> None:
    taken = [sample(3, p50_ms=12.5, p99_ms=80.0), sample(1, p50_ms=14.0, p99_ms=70.0)]
    delays = plotted(taken, NOW)[1]

    assert [(at, list(values)) for at, values in delays.rows] == [
        (MINUTE - timedelta(minutes=3), [80.0, 12.5]),
        (MINUTE - timedelta(minutes=1), [70.0, 14.0]),
    ]
    assert delays.plot.summary == (
        "The last hour. p99: 70 ms now, 80 at most; p50: 14 ms now, 14 at most."
    )
    assert [tick[1] for tick in delays.plot.ticks] == ["14:15", "14:30", "14:45", "15:00"]
