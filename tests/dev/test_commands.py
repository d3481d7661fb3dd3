"""The commands of dev.py, from outside."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from typing import TYPE_CHECKING

import pytest

from tests.dev import processes
from tests.local import ports, throw_away

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

START_WAIT_S = 30.0


def dev(*arguments: str, script: Path = processes.ROOT / "dev.py") -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, script, *arguments],
        env=processes.environment(),
        capture_output=True,
        text=True,
        timeout=processes.WAIT_S,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_help_goes_to_stdout_and_succeeds() -> None:
    code, out, err = dev("--help")

    assert (code, err) == (0, "")
    assert out.startswith("usage: python3 dev.py COMMAND")


@pytest.mark.parametrize("arguments", [[], ["dmeo"]])
def test_no_command_or_an_unknown_one_is_refused_with_the_usage(arguments: list[str]) -> None:
    code, out, err = dev(*arguments)

    assert (code, out) == (2, "")
    assert "usage: python3 dev.py COMMAND" in err
    assert all(word in err for word in arguments)


def test_a_python_that_cannot_make_an_environment_is_told_what_to_install(tmp_path: Path) -> None:
    for name in ("dev.py", "requirements.lock", "pyproject.toml", "tests/__init__.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(processes.ROOT / name, tmp_path / name)
    shutil.copytree(processes.ROOT / "tests" / "local", tmp_path / "tests" / "local")
    without = "import runpy, sys; sys.modules['ensurepip'] = None; sys.argv = ['dev.py', 'up']; "

    done = subprocess.run(
        [sys.executable, "-c", without + "runpy.run_path('dev.py', run_name='__main__')"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=processes.WAIT_S,
        check=False,
    )

    assert done.returncode == 1
    assert "apt install python3-venv" in done.stderr
    assert not (tmp_path / ".venv").exists()


def test_a_busy_port_is_told_before_anything_starts() -> None:
    with throw_away.folder() as data, socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = str(busy.getsockname()[1])

        done = subprocess.run(
            [sys.executable, "-m", "tests.local.up", "--data", data / "data"],
            cwd=processes.ROOT,
            env=processes.environment(PORT=port),
            capture_output=True,
            text=True,
            timeout=START_WAIT_S,
            check=False,
        )

    assert done.returncode == 1
    assert f"Port {port} cannot be used" in done.stderr


@pytest.fixture
def up() -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Start `up` with data of its own; give it and the folder, which has its stderr too."""
    with throw_away.folder() as data, (data / "stderr").open("w") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.local.up", "--data", data / "data"],
            cwd=processes.ROOT,
            env=processes.environment(PORT=str(ports.free()), CONSOLE_PORT=str(ports.free())),
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            start_new_session=True,
        )
        yield process, data
        processes.end(process)


def test_up_serves_until_it_is_interrupted_and_leaves_nothing(
    up: tuple[subprocess.Popen[str], Path],
) -> None:
    process, data = up
    assert process.stdout is not None
    name, _, ingress_url = process.stdout.readline().strip().partition(" ")
    assert name == "ingress", (data / "stderr").read_text()
    with urllib.request.urlopen(f"{ingress_url}/livez", timeout=processes.WAIT_S) as answer:
        assert answer.status == 200
    told = data / "data" / "run" / "env.json"
    assert told.stat().st_mode & 0o777 == 0o600
    assert {"DATABASE_URL", "REDIS_URL", "PORT"} <= json.loads(told.read_text()).keys()
    started = descendants(process.pid)
    assert len(started) >= 6

    process.send_signal(signal.SIGINT)

    assert process.wait(START_WAIT_S) == 0
    assert [pid for pid in started if processes.is_alive(pid)] == []
    assert not told.exists()


def descendants(pid: int) -> list[int]:
    """Return the processes below this one."""
    done = subprocess.run(
        ["ps", "-e", "-o", "pid=,ppid="], capture_output=True, text=True, check=True
    )
    parents = {
        int(child): int(parent) for child, parent in map(str.split, done.stdout.splitlines())
    }
    found = [pid]
    for above in found:
        found.extend(child for child, parent in parents.items() if parent == above)
    return found[1:]
