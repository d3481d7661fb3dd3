"""Read a Procfile: one line for each process, `name: command`."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from tests.local.errors import LocalRunFailed

if TYPE_CHECKING:
    from pathlib import Path

RELEASE = "release"
LINE = re.compile(r"([A-Za-z0-9_-]+):\s*(\S.*)")


def read(path: Path) -> dict[str, list[str]]:
    """Return the words of each command by the process's name, in the file's order.

    Raises LocalRunFailed for a line that is neither empty, a comment, nor `name: command`.
    """
    commands: dict[str, list[str]] = {}
    for number, text in enumerate(path.read_text().splitlines(), start=1):
        line = text.strip()
        if not line or line.startswith("#"):
            continue
        parts = LINE.fullmatch(line)
        if parts is None or parts[1] in commands:
            raise LocalRunFailed(
                f"{path}, line {number}: expected `name: command` with a new name, found {line!r}."
            )
        commands[parts[1]] = shlex.split(parts[2])
    return commands
