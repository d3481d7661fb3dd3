"""The report: its shape and its honesty."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any

import pytest

from tests.bench.figures import Ratio
from tests.bench.report import document, page, plot
from tests.bench.report.samples import (
    BROKEN,
    HOLDS,
    MISSED,
    UNMET,
    empty,
    figure,
    row,
    shown,
    whole,
    written,
)
from tests.bench.report.words import NO_BREAK, number

if TYPE_CHECKING:
    from pathlib import Path


def test_the_document_has_the_shape_that_scripts_read(tmp_path: Path) -> None:
    path = document.write(whole(), tmp_path / "new" / "folder")
    told = json.loads(path.read_text())
    assert path.name == "2026-11-23.json"
    assert set(told) == {
        *("machine", "floors", "peers", "ours", "ratios", "invariants"),
        *("started_at", "took_s", "seed", "form"),
    }
    assert told["started_at"] == "2026-11-23T08:00:00+00:00"
    assert (told["took_s"], told["seed"], told["form"]) == (431.3, 7, "default")
    acks = told["ours"]["acks_per_s"]
    assert acks["rounds"] == [5000, 5200, 4900]
    assert (acks["low"], acks["median"], acks["high"]) == (4900, 5000, 5200)
    assert acks["cpu_us_per_event"] == {"web": 190, "postgres": 90}
    names = {"name", "title", "value", "goal", "direction", "unit", "met"}
    assert all(names <= set(ratio) for ratio in told["ratios"])
    assert told["invariants"] == [HOLDS]


def test_a_full_run_is_saved_beside_the_default_one(tmp_path: Path) -> None:
    paths = [document.write(whole(form=form), tmp_path) for form in ("default", "full")]
    assert [path.name for path in paths] == ["2026-11-23.json", "2026-11-23-full.json"]
    assert sorted(tmp_path.iterdir()) == sorted(paths)


@pytest.mark.parametrize("nothing", [float("nan"), float("inf")])
def test_what_is_no_number_is_saved_as_not_measured_and_meets_no_goal(
    tmp_path: Path, nothing: float
) -> None:
    some = figure("acks_per_s", 5.0, nothing, web=nothing)
    none = figure("applied_per_s", nothing)
    told = whole(
        ours={each.name: each for each in (some, none)},
        ratios=[Ratio("acks", "Acks", nothing, 1), Ratio("s", "s", nothing, 1, at_most=True)],
    )
    saved = json.loads(document.write(told, tmp_path).read_text(), parse_constant=pytest.fail)
    assert saved["ours"]["acks_per_s"]["rounds"] == [5]
    assert saved["ours"]["applied_per_s"]["median"] is None
    assert [(ratio["value"], ratio["met"]) for ratio in saved["ratios"]] == [(None, False)] * 2
    assert row(shown(told), "Acks ").count("not m") == 2
    assert plot.write(told, tmp_path).exists()


def test_a_nan_that_came_another_way_is_refused_and_the_earlier_file_stays(tmp_path: Path) -> None:
    path = document.write(whole(), tmp_path)
    before = path.read_bytes()
    with pytest.raises(ValueError, match="JSON"):
        document.write(whole(machine={"steal_percent": float("nan")}), tmp_path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_unmet_goals_are_said_to_be_unmet_everywhere(tmp_path: Path) -> None:
    told = whole()
    assert tuple(each["name"] for each in told["ratios"] if not each["met"]) == UNMET
    pages = {"table": shown(told), "README": written(tmp_path / "README.md", told)}
    for name, text in pages.items():
        for ratio in told["ratios"]:
            title = ratio["title"].partition(" |")[0]
            assert ("not met" in row(text, title)) is not ratio["met"], (name, title)
            assert "met" in row(text, title)
        assert "3 of 5 goals are met, 2 not" in text
        assert "it was not installed" in text
    assert "✗ not met" in shown(told)
    assert "all 5" not in pages["README"]


def test_a_value_just_below_its_goal_does_not_look_like_it(tmp_path: Path) -> None:
    told = whole()
    for text in (shown(told), written(tmp_path / "README.md", told)):
        assert "0.7996" in row(text, MISSED.title)


def test_an_invariant_that_does_not_hold_is_named_with_its_run(tmp_path: Path) -> None:
    good, bad = whole(), whole(invariants=[HOLDS, BROKEN])
    assert "all 1 hold" in shown(good)
    for text in (shown(bad), written(tmp_path / "README.md", bad)):
        assert "1 of 2 DO NOT HOLD: duplicates: one credit a payment" in text
        assert "hold (" not in text


@pytest.mark.parametrize("without", ["ours", "floors", "peers", "ratios", "invariants", "machine"])
def test_a_part_that_is_missing_breaks_nothing(tmp_path: Path, without: str) -> None:
    told = whole(**{without: {} if without in {"ours", "floors", "peers", "machine"} else []})
    everything_is_written(tmp_path, told)
    assert shown(told)


def test_a_run_that_measured_nothing_still_has_its_report(tmp_path: Path) -> None:
    everything_is_written(tmp_path, empty())
    assert "No goal was measured" in shown(empty())
    assert "none was checked" in shown(empty())


def everything_is_written(root: Path, told: dict[str, Any]) -> None:
    folder = root / "docs" / "benchmarks"
    document.write(told, folder)
    ET.fromstring(plot.write(told, folder).read_bytes())
    assert page.write(folder)
    assert written(root / "README.md", told)


@pytest.mark.parametrize("width", [80, 100])
def test_the_table_fits_the_terminal_and_cuts_nothing(width: int) -> None:
    told = whole()
    text = shown(told, width)
    assert max(len(line) for line in text.splitlines()) <= width
    assert "…" not in text
    for ratio in told["ratios"]:
        assert ratio["title"] in text
    assert f"12.3{NO_BREAK}k{NO_BREAK}/s" in text
    assert "p99.9" in text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.81234, "0.812"),
        (12.34, "12.3"),
        (999.4, "999"),
        (999.6, "1 000"),
        (1234.4, "1 234"),
        (9999.6, "10 k"),
        (12_345, "12.3 k"),
        (999_600, "1 M"),
        (4_560_000, "4.56 M"),
        (-1234, "-1 234"),
    ],
)
def test_numbers_are_short(value: float, text: str) -> None:
    assert number(value) == text.replace(" ", NO_BREAK)
