"""A record with some life in it, and the command line as an operator runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.workers.scene import Scene

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

COMMAND_S_MAX = 60.0


class Said(NamedTuple):
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def scene(database_url: str) -> Iterator[Scene]:
    made = Scene(database_url)
    yield made
    made.close()


@pytest.fixture
def payratchet(database_url: str) -> Callable[..., Said]:
    """Run the command line in a process of its own, against this test's database."""

    def run(*words: str, **environment: str) -> Said:
        done = subprocess.run(
            [sys.executable, "-c", "from workers.operations.cli import main; main()", *words],
            env={**os.environ, "DATABASE_URL": database_url, "COLUMNS": "80", **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=COMMAND_S_MAX,
            check=False,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    return run
