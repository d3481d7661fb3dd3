"""Install packages with an environment's own pip, or with uv where uv made it without pip."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import threading
from collections import deque
from typing import TYPE_CHECKING

from tests.local.errors import LocalRunFailed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from tests.local.progress import Progress

PROBE_WAIT_S = 30.0
INSTALL_WAIT_S = 900.0
OUTPUT_TAIL_LINES = 30
PACKAGE_LINE = re.compile(r"(?:Collecting|Requirement already satisfied:| [+~]) ?([\w.-]+)")
INSTALLER_MISSING = (
    ".venv has no pip, and uv, which probably made it, is not on the path. "
    "Delete .venv and run this again, or use `uv run`."
)


def works(python: Path) -> bool:
    """Tell whether this Python starts and is new enough."""
    return _answers(python, "import sys; assert sys.version_info >= (3, 11)")


def run(python: Path, arguments: Sequence[str], progress: Progress) -> None:
    """Install, and move the bar.

    Raises LocalRunFailed with the end of the output when that fails or takes INSTALL_WAIT_S.
    """
    with subprocess.Popen(
        [*_program(python), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        limit = threading.Timer(INSTALL_WAIT_S, process.kill)
        limit.start()
        try:
            end = _follow(process.stdout or (), progress)
            process.wait()
        finally:
            limit.cancel()
            process.kill()
    if process.returncode != 0:
        raise LocalRunFailed(
            f"The packages of requirements.lock could not be installed.\n{end.strip()}"
        )


def _follow(lines: Iterable[str], progress: Progress) -> str:
    """Move the bar with the output, and return the end of it."""
    end: deque[str] = deque(maxlen=OUTPUT_TAIL_LINES)
    for line in lines:
        end.append(line)
        package = PACKAGE_LINE.match(line)
        if package is not None:
            progress.advance(package[1])
        elif line.startswith("Installing"):
            progress.label("installing")
    return "".join(end)


def _program(python: Path) -> list[str]:
    if _answers(python, "import pip"):
        return [str(python), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    uv = os.environ.get("UV") or shutil.which("uv")
    if uv is None:
        raise LocalRunFailed(INSTALLER_MISSING)
    return [uv, "pip", "install", "--python", str(python)]


def _answers(python: Path, statement: str) -> bool:
    try:
        asked = subprocess.run(
            [python, "-c", statement], capture_output=True, timeout=PROBE_WAIT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return asked.returncode == 0
