"""The demo, as a person starts it: in a process of its own, on a folder and ports of its own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.dev import processes
from tests.local import ports, throw_away

if TYPE_CHECKING:
    from collections.abc import Iterator

DEMO_S_MAX = 240.0
SMALL = ["--payments", "60", "--seed", "20260302"]
NUMBERS = (
    *("deliveries", "accepted", "duplicates", "refused", "applied", "dead_lettered"),
    *("replayed", "open_dead_letters", "double_credits", "ignored", "discarded"),
)
REFUSALS = {"signature_invalid", "signature_missing", "signature_expired"}
PLACES = ("applied", "ignored", "open_dead_letters", "discarded")


@pytest.fixture
def folder() -> Iterator[Path]:
    with throw_away.folder() as made:
        yield made


def start(folder: Path, *arguments: str, mark: str = "") -> subprocess.Popen[str]:
    taken = {"PORT": str(ports.free()), "CONSOLE_PORT": str(ports.free())}
    return subprocess.Popen(
        [sys.executable, "-m", "tests.demo", "--data", folder, *SMALL, *arguments],
        cwd=processes.ROOT,
        env=processes.environment(**taken, DEMO_MARK=mark),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def marked_with(mark: str) -> list[int]:
    """Return the processes that inherited the mark: the demo and all that it started."""
    found = []
    for process in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if process.name.isdigit() and mark.encode() in (process / "environ").read_bytes():
                found.append(int(process.name))
    return found


def test_a_small_morning_keeps_every_promise(folder: Path) -> None:
    """One test for all that is printed, because a morning is expensive."""
    demo = start(folder, "--exit", "--json")
    out, err = demo.communicate(timeout=DEMO_S_MAX)
    assert out, err
    told: dict[str, Any] = json.loads(out)

    assert [each for each in told["invariants"] if not each["holds"]] == []
    assert demo.returncode == 0
    require_shape(told)
    require_sums(told)
    require_story(told)
    require_shop(told)


def require_shape(told: dict[str, Any]) -> None:
    """What scripts read is there."""
    assert {name: type(told[name]) for name in NUMBERS} == dict.fromkeys(NUMBERS, int)
    assert set(told["urls"]) == {"ingress", "console"}
    assert isinstance(told["elapsed_s"], float)
    assert all(set(sums) == {"entries", "sum_minor"} for sums in told["ledger"].values())
    assert all({"name", "holds", "checked"} <= set(each) for each in told["invariants"])
    assert len(told["invariants"]) >= 34
    assert all(each["checked"] > 0 for each in told["invariants"])


def require_sums(told: dict[str, Any]) -> None:
    """Deliveries and events add up, and no money is made or lost."""
    assert told["deliveries"] == told["accepted"] + told["duplicates"] + told["refused"]
    assert told["accepted"] == sum(told[place] for place in PLACES)
    assert sum(told["payments"].values()) >= 58
    assert told["double_credits"] == 0
    assert {sums["sum_minor"] for sums in told["ledger"].values()} == {0}


def require_story(told: dict[str, Any]) -> None:
    """Everything that should go wrong did, and what can be put right was."""
    assert told["duplicates"] > 0
    assert set(told["refused_by_code"]) == REFUSALS
    assert told["restarts"]["web"] >= 1
    assert told["restarts"]["worker"] >= 1
    assert len(told["kills"]) == 4
    assert told["replayed"] >= 1
    assert told["discarded"] == 1
    assert told["healed"] >= 1
    assert set(told["open_by_reason"]) >= {"mismatch", "mode_mismatch", "unknown_reference"}
    require_minute(told["operators_minute"])


def require_minute(minute: dict[str, Any]) -> None:
    """The demo ends with one lost credit: explained, rehearsed, cured, and seen in the ledger."""
    assert minute["is_cured"]
    assert [command.split()[1] for command in minute["commands"]] == [
        *("payments", "dead-letters", "dead-letters", "payments")
    ]
    assert "is set aside" in minute["why"]
    assert minute["why_after"].startswith("It is completed")
    assert minute["ledger_before"] == []
    assert sum(each["amount_minor"] for each in minute["ledger_after"]) == 0


def require_shop(told: dict[str, Any]) -> None:
    """Payments were started through the API, and all that can happen to them did."""
    api = told["api"]
    assert api["payments"] >= 24
    assert api["provider_calls"] > api["payments"]
    assert api["dropped_answers"] >= 2
    assert api["replayed_answers"] > 0
    assert api["without_answer"] > 0
    assert api["refunds"] >= 8
    assert api["debits"] >= 2
    assert api["reversals"] == 1
    assert api["webhooks_lost"] > 0
    assert {"completed", "failed", "cancelled", "refunded"} <= set(api["states"])
    assert api["reconciled"]["mended"] == 1


def test_being_stopped_in_the_middle_leaves_no_process(folder: Path) -> None:
    mark = uuid.uuid4().hex
    demo = start(folder, mark=mark)
    try:
        deadline_s = time.monotonic() + DEMO_S_MAX
        assert demo.stderr is not None
        while "traffic" not in (line := demo.stderr.readline()):
            assert line, "the demo ended before there was traffic"
            assert time.monotonic() < deadline_s
        assert len(marked_with(mark)) > 5

        os.kill(demo.pid, signal.SIGINT)
        demo.communicate(timeout=DEMO_S_MAX)
    finally:
        demo.kill()

    assert demo.returncode == 130
    assert processes.wait_until(lambda: marked_with(mark) == [])


def test_a_morning_too_small_for_its_accidents_is_refused() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.demo", "--payments", "5"],
        cwd=processes.ROOT,
        env=processes.environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert "--payments must be" in done.stderr
