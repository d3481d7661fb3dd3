"""A record with some life in it, and the command line as an operator runs it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

import pytest
from click.testing import CliRunner
from structlog.testing import capture_logs

from domain.operators import Role
from tests.operations import forking, people
from tests.operations.approving import Doing, ask
from tests.workers.scene import Scene
from workers.operations.cli import run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

COMMAND_S_MAX = 60.0
START = "from workers.operations.cli import main; main()"


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
def tester(database_url: str) -> str:
    """Return the token of the operator who runs the commands."""
    return people.appoint(database_url, people.TESTER)


@pytest.fixture
def doing() -> Doing:
    """What is done once a second person agrees."""
    return Doing()


@pytest.fixture
def asked(scene: Scene, tester: str) -> int:
    """A question of the tester; ada and ben are approvers."""
    assert tester
    people.appoint(scene.url, "ada", Role.APPROVER)
    people.appoint(scene.url, "ben", Role.APPROVER)
    return ask(scene)


@pytest.fixture
def payratchet(database_url: str, tester: str) -> Callable[..., Said]:
    """Run the command line in this process, against this test's database.

    It is all that the program does but to start, which takes longer than most commands.
    The operator TESTER runs it, unless it is given another token. A variable that is None is not
    set; what is typed comes in at its standard input.
    """

    def command(*words: str, typed: str = "", **environment: str | None) -> Said:
        known = {**_settings(database_url, tester), **environment}
        with _surroundings(words, known, typed) as said:
            try:
                run()
            except SystemExit as end:
                return said(end.code)
        raise AssertionError("the command line ends by leaving")

    return command


@pytest.fixture
def process(database_url: str, tester: str) -> Callable[..., Said]:
    """Run the command line in a process of its own, against this test's database."""

    def command(*words: str, **environment: str) -> Said:
        done = subprocess.run(
            [sys.executable, "-c", START, *words],
            env={**os.environ, **_settings(database_url, tester), **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=COMMAND_S_MAX,
            check=False,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    return command


@pytest.fixture
def forked(database_url: str, tester: str, tmp_path: Path) -> Callable[..., Said]:
    """Run the command line in a process of its own, which is forked from one that has loaded it."""

    def command(*words: str, **environment: str) -> Said:
        out, err = tmp_path / "out", tmp_path / "err"
        surroundings = {**os.environ, **_settings(database_url, tester), **environment}
        code = forking.run(words, surroundings, out=out, err=err)
        return Said(code, out.read_text(), err.read_text())

    return command


def _settings(database_url: str, token: str) -> dict[str, str]:
    return {"DATABASE_URL": database_url, "COLUMNS": "80", "PAYRATCHET_OPERATOR_TOKEN": token}


@contextlib.contextmanager
def _surroundings(
    words: tuple[str, ...], environment: Mapping[str, str | None], typed: str
) -> Iterator[Callable[[str | int | None], Said]]:
    """Give the block words, an environment, and output of its own, as a process has them.

    What the block gets makes of its exit code what was said until then.
    """
    ours = dict(os.environ)
    with (
        pytest.MonkeyPatch.context() as patch,
        capture_logs(),
        CliRunner().isolation(input=typed, env=environment) as (out, err, _),
    ):
        patch.setattr(sys, "argv", ["payratchet", *words])
        try:
            yield lambda code: Said(
                int(code or 0), out.getvalue().decode(), err.getvalue().decode()
            )
        finally:
            for name in os.environ.keys() - ours.keys():
                del os.environ[name]
            os.environ.update(ours)
