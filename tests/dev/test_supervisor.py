"""The supervisor of a Procfile: it restarts, gives up, shows what was said, and leaves nothing."""

from __future__ import annotations

import io
import os
import signal
import sys
from typing import TYPE_CHECKING

import pytest

from tests.dev import processes
from tests.local import procfile, signals
from tests.local.errors import LocalRunFailed, ProcessFailed
from tests.local.supervisor import Patience, Supervisor

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import TextIO

QUICK = Patience(
    stop_wait_s=0.3,
    backoff_min_s=0.01,
    backoff_max_s=0.02,
    stable_after_s=5.0,
    deaths_in_a_row_max=3,
)
SLEEP = "import time; print('begun', flush=True); time.sleep(60)"
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + SLEEP
PARENT = f"import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', {SLEEP!r}]).pid)\n"


def supervise(
    folder: Path, programs: Mapping[str, str], *, echo: TextIO | None = None
) -> Supervisor:
    return Supervisor(
        {name: [sys.executable, "-c", program] for name, program in programs.items()},
        environments={name: {**os.environ, "PYTHONUNBUFFERED": "1"} for name in programs},
        logs=folder / "log",
        folder=folder,
        echo=echo,
        patience=QUICK,
    )


def test_a_killed_process_is_started_again(tmp_path: Path) -> None:
    with supervise(tmp_path, {"web": SLEEP, "worker": SLEEP}) as supervisor:
        first = supervisor.pids

        os.kill(first["worker"], signal.SIGKILL)

        assert processes.wait_until(lambda: supervisor.restarts["worker"] == 1)
        second = supervisor.pids
        assert second["worker"] != first["worker"]
        assert second["web"] == first["web"]
        assert supervisor.restarts["web"] == 0


def test_what_a_killed_process_had_started_ends_with_it(tmp_path: Path) -> None:
    with supervise(tmp_path, {"worker": PARENT + SLEEP}) as supervisor:
        log = tmp_path / "log" / "worker.log"
        assert processes.wait_until(lambda: log.read_text().count("begun") == 2)
        grandchild = int(log.read_text().split()[0])

        os.kill(supervisor.pids["worker"], signal.SIGKILL)

        assert processes.wait_until(lambda: not processes.is_alive(grandchild))


def test_a_process_that_only_dies_is_given_up_with_the_end_of_its_log(tmp_path: Path) -> None:
    with supervise(tmp_path, {"web": "raise SystemExit('no such setting')"}) as supervisor:
        with pytest.raises(ProcessFailed, match="no such setting"):
            supervisor.wait()
        assert supervisor.restarts["web"] == 3


def test_a_process_that_is_held_is_started_again_once_it_is_let(tmp_path: Path) -> None:
    with supervise(tmp_path, {"worker": SLEEP}) as supervisor:
        child = supervisor.child("worker")
        child.is_held = True
        os.kill(supervisor.pids["worker"], signal.SIGKILL)
        assert processes.wait_until(lambda: len(supervisor.exits) == 1)
        assert supervisor.exits[0][1:] == ("worker", -signal.SIGKILL)
        assert supervisor.restarts["worker"] == 0

        child.is_held = False

        assert processes.wait_until(lambda: supervisor.restarts["worker"] == 1)


def test_what_is_added_to_an_environment_is_there_from_the_next_start_on(tmp_path: Path) -> None:
    tells = f"import os; print(os.environ.get('EXTRA'), flush=True)\n{SLEEP}"
    with supervise(tmp_path, {"worker": tells}) as supervisor:
        log, child = tmp_path / "log" / "worker.log", supervisor.child("worker")
        assert processes.wait_until(lambda: "begun" in log.read_text())

        child.extra = {"EXTRA": "there"}
        child.ask_to_stop()

        assert processes.wait_until(lambda: child.said_since_start() == b"there\nbegun\n")
        assert log.read_text().startswith("None\n")


def test_processes_that_were_asked_to_stop_did_not_die(tmp_path: Path) -> None:
    with supervise(tmp_path, {"worker": SLEEP}) as supervisor:

        def was_asked_often() -> bool:
            supervisor.child("worker").ask_to_stop()
            return supervisor.restarts["worker"] > QUICK.deaths_in_a_row_max

        assert processes.wait_until(was_asked_often)
        supervisor.check()


def test_stopping_leaves_nothing_even_of_a_deaf_process(tmp_path: Path) -> None:
    with supervise(tmp_path, {"web": SLEEP, "worker": DEAF}) as supervisor:
        pids = supervisor.pids.values()
        assert len(pids) == 2

    assert not any(map(processes.is_alive, pids))


def test_every_line_is_kept_and_shown_under_the_name_of_its_process(tmp_path: Path) -> None:
    echo = io.StringIO()
    with supervise(tmp_path, {"web": SLEEP, "worker": SLEEP}, echo=echo):
        assert processes.wait_until(lambda: echo.getvalue().count("begun") == 2)

    assert sorted(echo.getvalue().splitlines()) == ["web    | begun", "worker | begun"]
    assert (tmp_path / "log" / "web.log").read_text() == "begun\n"


def test_a_service_that_never_answers_is_not_waited_for_without_end(tmp_path: Path) -> None:
    with (
        supervise(tmp_path, {"web": SLEEP}) as supervisor,
        pytest.raises(ProcessFailed, match="not ready"),
    ):
        supervisor.wait_ready(1, within_s=0.2)


def test_being_asked_to_stop_again_does_not_cut_the_stopping_short() -> None:
    with signals.undisturbed():
        os.kill(os.getpid(), signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), signals.stop_by_interrupt():
        os.kill(os.getpid(), signal.SIGTERM)


def test_the_procfile_names_every_process_once_and_the_release_first() -> None:
    commands = procfile.read(processes.ROOT / "Procfile")

    assert list(commands) == ["release", "web", "worker", "relay", "console"]
    assert commands["release"] == ["payratchet", "migrate"]


@pytest.mark.parametrize("text", ["web", "web:", "a b: c", "web: one\nweb: two"])
def test_a_line_that_is_no_process_is_refused_with_its_number(text: str, tmp_path: Path) -> None:
    file = tmp_path / "Procfile"
    file.write_text(f"# comment\n\n{text}\n")

    with pytest.raises(LocalRunFailed, match=r"line [34]"):
        procfile.read(file)
