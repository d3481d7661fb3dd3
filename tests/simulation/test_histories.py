"""Histories from seeds: every invariant holds, and they are about something."""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from domain.transitions import State
from domain.tries import Asked, Outcome
from tests.simulation import planted, running
from tests.simulation.installing import TWINS, installed, replaced, stood_for
from tests.simulation.story import Story
from tests.simulation.violations import Violated
from tests.simulation.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator

SEEDS = 300
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _in_memory() -> Iterator[None]:
    with installed():
        yield


def test_three_hundred_histories_break_no_invariant_and_reach_all_that_they_are_about() -> None:
    reached: Counter[object] = Counter()
    for seed in range(SEEDS):
        world = World(seed)
        world.play()
        memory = world.memory
        reached.update(State(step.to_state) for steps in memory.steps.values() for step in steps)
        reached.update((row.letter.reason, row.status) for row in memory.letters.values())
        reached.update((row.asked, row.outcome) for row in memory.calls.values())
        reached.update(row.effect for row in memory.books.values())
        reached.update(row.status for row in memory.refunds.values())

    assert set(State) <= {*reached, State.PENDING}
    for reason in ("exhausted", "unknown_reference", "mismatch", "refetch_required"):
        assert reached[reason, "resolved"], reason
    for reason in ("mode_mismatch", "schema", "mismatch", "unheard"):
        assert reached[reason, "open"], reason
    for asked in (Asked.INITIALIZE, Asked.VERIFY, Asked.REFUND, Asked.CANCEL):
        assert reached[asked, Outcome.UNKNOWN], asked
        assert reached[asked, Outcome.ANSWERED], asked
    for effect in ("capture", "refund", "refund_total", "chargeback", "fee", "given_back"):
        assert reached[effect], effect
    for effect in ("refund_hold", "refund_release", "sms_debit", "unclaimed", "unclaimed_release"):
        assert reached[effect], effect
    assert reached["succeeded"]
    assert reached["failed"]


def test_a_seed_is_the_same_history_in_every_process() -> None:
    told = []
    for hash_seed, jobs in (("1", "1"), ("2", "2")):
        done = subprocess.run(
            (sys.executable, "-m", "tests.simulation", "--seeds=30", f"--jobs={jobs}", "--json"),
            check=True,
            capture_output=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
        )
        told.append(json.loads(done.stdout))

    assert told[0]["digest"] == told[1]["digest"]
    assert [each["broken"] for each in told] == [[], []]


def test_a_broken_history_names_the_line_that_plays_it_again_and_tells_the_same() -> None:
    bug = next(each for each in planted.BUGS if each.name == "a lost dispute takes nothing")
    [(owner, name, stand_in)] = bug.places
    lines: list[str] = []

    with replaced(owner, name, stand_in):
        run = running.run(0, 20, jobs=1, note=lambda _: None)
        broken = run.broken[0]
        world = World(broken.seed)
        Story(world, lines.append)
        with pytest.raises(Violated) as again:
            world.play()

    assert broken.broken is not None
    assert str(again.value) == str(broken.broken)
    assert any("dispute.lost" in line for line in lines)
    told = run.as_json()["broken"][0]
    assert told["again"] == f".venv/bin/python -m tests.simulation --seed {broken.seed}"


def test_each_twin_takes_what_the_function_takes_that_it_stands_for() -> None:
    for owner, twins in TWINS:
        for twin in twins:
            standing = stood_for(owner, twin.__name__)
            assert _parameters(twin) == _parameters(standing), f"{owner} {twin.__name__}"


def test_nothing_that_runs_in_production_knows_of_the_simulation() -> None:
    for package in ("domain", "ingress", "workers", "migrations"):
        for module in (ROOT / package).rglob("*.py"):
            assert "simulation" not in module.read_text(), module


def _parameters(function: object) -> list[str]:
    assert callable(function)
    return list(inspect.signature(function).parameters)
