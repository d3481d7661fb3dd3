"""The command line in a process of its own that need not load it: forked from one that has."""

from __future__ import annotations

import multiprocessing
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

COMMAND_S_MAX = 60.0

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["workers.operations.cli"])


def run(words: Sequence[str], environment: Mapping[str, str], *, out: Path, err: Path) -> int:
    """Run a command, with its output in these files; return its exit code."""
    child = _CONTEXT.Process(target=_command, args=(list(words), dict(environment), out, err))
    child.start()
    try:
        child.join(COMMAND_S_MAX)
        assert child.exitcode is not None, f"{words} did not end within {COMMAND_S_MAX:.0f} s"
        return child.exitcode
    finally:
        child.kill()


def _command(words: list[str], environment: dict[str, str], out: Path, err: Path) -> None:
    from workers.operations.cli import main  # noqa: PLC0415 - the child's; loaded before the fork

    for number, file in ((1, out), (2, err)):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["payratchet", *words]
    main()
