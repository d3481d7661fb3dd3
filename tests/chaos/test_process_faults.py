"""Faults of processes: killed, stopped, starved, without a log, in another time, poisoned."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.chaos import small_stage
from tests.chaos.faults import clock, injections, processes
from tests.chaos.faults.fault import NotNow
from tests.chaos.kinds import WORKERS
from tests.chaos.nemesis import Nemesis
from tests.chaos.plan import Strike
from tests.chaos.small_stage import Nobody
from tests.local.service import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.chaos.faults.fault import Rotates
    from tests.chaos.small_stage import SmallStage
    from tests.chaos.stage import Stage

NAME, OTHER = small_stage.NAMES
SOON_S = 5.0
DIED_OF_POISON = 139

READS = """
import sys
from types import SimpleNamespace
from workers.reading import read
work = SimpleNamespace(event_id=1, source="nobody", account="a", mode=None, replay_id=None,
                       event_key="k", body=sys.argv[1].encode())
assert len(read(None, [work])) == 1
"""


@pytest.fixture(scope="module")
def stage() -> Iterator[SmallStage]:
    with small_stage.raised() as raised:
        wait_until(lambda: all(said(raised, name) for name in small_stage.NAMES))
        yield raised


def said(stage: SmallStage, name: str) -> list[tuple[float, float]]:
    """Return the times that a process has said: of the clock, and monotonic."""
    log = stage.folder / "log" / f"{name}.log"
    words = [line.split() for line in log.read_text().splitlines() if "ended" not in line]
    return [(float(line[0]), float(line[1])) for line in words if len(line) == 2]


def pid(stage: SmallStage, name: str) -> int:
    """Return who runs under this name, as soon as somebody does."""
    wait_until(lambda: stage.processes.pid(name) is not None)
    found = stage.processes.pid(name)
    assert found is not None
    return found


def state(number: int) -> str:
    return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]


@pytest.mark.parametrize(("held", "is_back"), [(0.1, True), (0.9, False)])
def test_a_killed_process_is_back_soon_unless_it_is_held(
    stage: SmallStage, *, held: float, is_back: bool
) -> None:
    before = pid(stage, NAME)

    with stage.struck(processes.Kill(), NAME, held=held):
        time.sleep(0.5)
        assert (stage.processes.pid(NAME) is not None) == is_back

    wait_until(lambda: stage.processes.pid(NAME) not in {None, before})


def test_a_stopped_process_stands_still_and_then_goes_on(stage: SmallStage) -> None:
    number = pid(stage, NAME)

    with stage.struck(processes.Stop(), NAME):
        wait_until(lambda: state(number) == "T")

    wait_until(lambda: state(number) != "T")
    assert stage.processes.pid(NAME) == number


def test_a_starved_process_gets_no_memory_and_is_dead_in_the_end(stage: SmallStage) -> None:
    number = pid(stage, NAME)

    with stage.struck(processes.OutOfMemory(), NAME, room_mb=1.0):
        limit, _ = resource.prlimit(number, resource.RLIMIT_AS)
        assert 0 < limit < 1 << 40

    wait_until(lambda: stage.processes.pid(NAME) not in {None, number})


def test_a_process_without_room_for_its_log_has_it_again_after(stage: SmallStage) -> None:
    number = pid(stage, NAME)
    wait_until(lambda: is_talking(stage))

    with stage.struck(processes.LogDiskFull(), NAME):
        time.sleep(0.1)
        assert not is_talking(stage)

    wait_until(lambda: is_talking(stage))
    assert stage.processes.pid(NAME) == number


def is_talking(stage: SmallStage) -> bool:
    before = len(said(stage, NAME))
    time.sleep(0.2)
    return len(said(stage, NAME)) > before


@pytest.mark.parametrize("jump_s", [-7_200.0, 3_600.0])
def test_the_clock_of_one_process_jumps_and_comes_back(stage: SmallStage, jump_s: float) -> None:
    number = pid(stage, NAME)

    def is_off_by(name: str, seconds: float) -> bool:
        return abs(said(stage, name)[-1][0] - time.time() - seconds) < 60

    with stage.struck(clock.Jump(), NAME, jump_s=jump_s):
        wait_until(lambda: is_off_by(NAME, jump_s))
        assert is_off_by(OTHER, 0.0)
        assert abs(said(stage, NAME)[-1][1] - time.monotonic()) < 60

    wait_until(lambda: is_off_by(NAME, 0.0))
    assert stage.processes.pid(NAME) == number


def test_without_a_compiler_pythons_own_clock_jumps(tmp_path: Path) -> None:
    injected = injections.prepared(tmp_path)[NAME] | {injections.LOADS: "lab_clock"}
    del injected["LD_PRELOAD"]
    control = Path(injected[injections.CONTROL])
    control.write_bytes((-10 * clock.NS_PER_S).to_bytes(8, sys.byteorder, signed=True) + bytes(24))
    words = [sys.executable, "-c", "import time; print(time.time(), time.time_ns())"]
    told = subprocess.run(words, env=injected, capture_output=True, text=True, check=True).stdout

    assert 5 < time.time() - float(told.split()[0]) < 60
    assert 5 < time.time() - int(told.split()[1]) / 1e9 < 60


@pytest.mark.parametrize(
    ("armed", "body", "code"),
    [
        ("lab-poison-1", '{"a": "lab-poison-1"}', DIED_OF_POISON),
        ("lab-poison-1", '{"a": "lab-poison-2"}', 0),
        ("lab-poison-1", '{"a": "ordinary"}', 0),
        (None, '{"a": "lab-poison-1"}', 0),
    ],
)
def test_only_poison_that_is_armed_kills_who_reads_it(
    tmp_path: Path, armed: str | None, body: str, code: int
) -> None:
    injected = injections.prepared(tmp_path)[WORKERS[0]]
    if armed is not None:
        injections.poison_of(tmp_path).write_text(f"{armed}\n")

    done = subprocess.run([sys.executable, "-c", READS, body], env=injected, cwd=ROOT, check=False)

    assert done.returncode == code


class Balky:
    """A fault that can only be undone at the second try."""

    def __init__(self) -> None:
        self.tries = 0

    def possible(self, stage: Stage) -> str | None:
        del stage
        return None

    def begin(self, stage: Stage, traffic: Rotates, strike: Strike) -> str:
        del stage, traffic, strike
        raise RuntimeError("half done")

    def end(self, stage: Stage, traffic: Rotates, strike: Strike) -> str:
        del stage, traffic, strike
        self.tries += 1
        if self.tries == 1:
            raise RuntimeError("not just now")
        return "undone"


class Idle(Balky):
    """Finds out in the end that there was nothing to hit."""

    def begin(self, stage: Stage, traffic: Rotates, strike: Strike) -> str:
        del stage, traffic, strike
        return "waiting"

    def end(self, stage: Stage, traffic: Rotates, strike: Strike) -> str:
        del stage, traffic, strike
        raise NotNow("nothing came")


def test_a_strike_that_has_hit_nothing_by_its_end_is_no_fault(stage: SmallStage) -> None:
    strikes = [Strike(0.0, "flushall", "valkey", 0.1)]
    nemesis = Nemesis(stage.as_stage, Nobody(), strikes, known={"flushall": Idle()})

    nemesis.start()

    assert nemesis.wait(SOON_S)
    assert [(each.missed, each.note) for each in nemesis.struck] == [
        (True, "waiting; nothing came")
    ]
    assert nemesis.faults_done.total() == 0
    assert nemesis.heal_all() == []


def test_the_nemesis_ends_what_began_badly_until_it_is_undone(stage: SmallStage) -> None:
    balky = Balky()
    strikes = [Strike(0.0, "flushall", "valkey", 0.1)]
    nemesis = Nemesis(stage.as_stage, Nobody(), strikes, known={"flushall": balky})

    nemesis.start()

    assert nemesis.wait(SOON_S)
    assert [(each.is_healed, each.missed) for each in nemesis.struck] == [(True, True)]
    assert balky.tries == 2
    assert nemesis.faults_done["flushall"] == 0


def test_who_strikes_alone_waits_for_the_others_and_they_for_it(stage: SmallStage) -> None:
    kill = processes.Kill()
    strikes = [
        Strike(0.0, "kill_web", NAME, 0.3),
        Strike(0.1, "kill_web", OTHER, 0.3, alone=True),
        Strike(0.2, "kill_web", NAME, 0.1),
    ]
    nemesis = Nemesis(stage.as_stage, Nobody(), strikes, known={"kill_web": kill})

    nemesis.start()

    assert nemesis.wait(SOON_S)
    first, alone, last = nemesis.struck
    assert first.ended_monotonic_s is not None
    assert alone.ended_monotonic_s is not None
    assert first.ended_monotonic_s <= alone.began_monotonic_s
    assert alone.ended_monotonic_s <= last.began_monotonic_s
    assert nemesis.faults_done["kill_web"] == 3


def test_healing_ends_what_lasts_at_once_and_strikes_no_more(stage: SmallStage) -> None:
    number = pid(stage, NAME)
    strikes = [Strike(0.0, "stop_web", NAME, 600.0), Strike(300.0, "stop_web", OTHER, 1.0)]
    nemesis = Nemesis(stage.as_stage, Nobody(), strikes, known={"stop_web": processes.Stop()})

    nemesis.start()
    wait_until(lambda: state(number) == "T")

    assert nemesis.heal_all() == []
    assert nemesis.heal_all() == []
    assert state(number) != "T"
    assert [each.strike.target for each in nemesis.struck] == [NAME]


def wait_until(is_so: Callable[[], object]) -> None:
    until_s = time.monotonic() + SOON_S
    while not is_so():
        assert time.monotonic() < until_s
        time.sleep(0.02)
