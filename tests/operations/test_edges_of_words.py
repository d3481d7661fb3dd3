"""Words on a command line that are easily misread."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.workers.scene import capture

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.operations.conftest import Said
    from tests.workers.scene import Scene

    Run = Callable[..., Said]


@pytest.mark.parametrize("value", ["NaN", "-Infinity"])
def test_a_number_that_no_json_has_is_text(payratchet: Run, scene: Scene, value: str) -> None:
    [event_id] = scene.hear(capture("nobody"))
    letter_id = str(scene.letter_id(event_id))

    said = payratchet("dead-letters", "edit", letter_id, "--set", f"data.amount_minor={value}")

    assert said.code == 1
    assert said.err.startswith("edit_refused: ")


def test_a_number_is_kept_as_it_was_written(payratchet: Run, scene: Scene) -> None:
    scene.announce("p1")
    [event_id] = scene.hear(capture("nobody", 1_000, "T1"))
    letter_id = str(scene.letter_id(event_id))

    changes = ("--set", "data.reference=p1", "--set", "data.rate=1.10", "--set", "data.x=1e999")
    said = payratchet("dead-letters", "edit", letter_id, *changes, "--json")

    assert said.code == 0, said.err
    after = {each["pointer"]: each["after"] for each in json.loads(said.out)["diff"]}
    assert after == {"/data/reference": '"p1"', "/data/rate": "1.10", "/data/x": "1E+999"}


def test_a_filter_that_contradicts_itself_is_refused(payratchet: Run, scene: Scene) -> None:
    scene.hear(capture("nobody"), b"{}")
    twice = ("--filter", "reason=schema", "--filter", "reason=unknown_reference")
    both = ("--filter", "reason=schema", "--reason-class", "unknown_reference")

    for given in (twice, both):
        said = payratchet("dead-letters", "discard", *given, "--yes")
        assert said.code == 2
        assert "reason" in said.err

    assert scene.rows("SELECT DISTINCT status FROM dead_letters") == [("open",)]
