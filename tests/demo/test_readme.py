"""The lines of the README that start a payment, as a person pastes them."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.demo.operator import COMMAND
from tests.dev import processes
from tests.local import ports, throw_away

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

START_WAIT_S = 30.0
PASTED_S_MAX = 60.0
LINES = re.compile(r"```\n(KEY=.*?)```", re.DOTALL)


@pytest.fixture
def service() -> Iterator[tuple[dict[str, str], dict[str, str]]]:
    """Start `up --simulator` with data of its own; give its addresses and its environment."""
    with throw_away.folder() as data, (data / "stderr").open("w") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.local.up", "--simulator", "--data", data / "data"],
            cwd=processes.ROOT,
            env=processes.environment(PORT=str(ports.free()), CONSOLE_PORT=str(ports.free())),
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            start_new_session=True,
        )
        try:
            assert process.stdout is not None
            told = [process.stdout.readline() for _ in range(3)]
            assert all(told), (data / "stderr").read_text()
            yield dict(line.split() for line in told), known(data / "data")
            process.send_signal(signal.SIGINT)
            assert process.wait(START_WAIT_S) == 0
        finally:
            processes.end(process)


def known(data: Path) -> dict[str, str]:
    made: dict[str, str] = json.loads((data / "run" / "env.json").read_text())
    return made


@pytest.mark.skipif(shutil.which("curl") is None, reason="the README's lines need curl")
def test_a_payment_is_started_and_paid_by_the_lines_of_the_readme(
    service: tuple[dict[str, str], dict[str, str]],
) -> None:
    urls, environment = service
    found = LINES.search((processes.ROOT / "README.md").read_text())
    assert found is not None
    lines = found[1].replace("python3 dev.py cli", str(COMMAND))
    lines = lines.replace("localhost:8000", urls["ingress"])
    assert lines.count(urls["ingress"]) >= 3

    done = subprocess.run(
        ["bash", "-ec", lines],
        cwd=processes.ROOT,
        env=processes.environment(**environment),
        capture_output=True,
        text=True,
        timeout=PASTED_S_MAX,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    payment: dict[str, Any] = json.loads(done.stdout[done.stdout.rindex('{"reference"') :])
    assert (payment["state"], payment["captured_minor"]) == ("completed", 125_000)
    assert payment["authorization_url"].startswith(urls["simulator"])
