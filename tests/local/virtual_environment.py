"""Make `.venv` from `requirements.lock`, and mend it when the lock changed.

Standard library only, for this is what runs before anything is installed.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.util
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from tests.local import installer
from tests.local.errors import LocalRunFailed
from tests.local.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCK = ROOT / "requirements.lock"
MARKER = VENV / "made-from.json"
MAKE_WAIT_S = 120.0
VENV_MISSING = (
    "This Python cannot make virtual environments (it has no ensurepip). "
    "Install that part (Debian and Ubuntu: `apt install python3-venv`), "
    "or use uv: `uv run dev.py …`."
)


def ready() -> Path:
    """Return the Python of an environment that fits the lock, made or mended if need be.

    Two runs at once take turns. Raises LocalRunFailed with what the installer said.
    """
    wanted = _fingerprint()
    if _made_from() == wanted and PYTHON.exists():
        return PYTHON
    with _turn():
        made = _made_from()
        if made != wanted or not PYTHON.exists():
            _make(wanted, made)
    return PYTHON


@contextlib.contextmanager
def _turn() -> Iterator[None]:
    folder = ROOT / ".data"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        lock = (folder / "venv.lock").open("a")
    except OSError as error:
        raise LocalRunFailed(
            f"{folder} cannot be written: {error.strerror}. Use a checkout of your own."
        ) from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _fingerprint() -> dict[str, str]:
    """Return all that makes an environment the wrong one: lock, package, a moved checkout."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    parts = [project.get("build-system"), project["project"]]
    return {
        "lock": hashlib.sha256(LOCK.read_bytes()).hexdigest(),
        "project": hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest(),
        "root": str(ROOT),
    }


def _made_from() -> dict[str, str]:
    """Return what it was made from; empty for one that is half made or somebody else's."""
    try:
        made: dict[str, str] = json.loads(MARKER.read_text())
    except (OSError, ValueError):
        return {}
    return made


def _make(wanted: dict[str, str], made: dict[str, str]) -> None:
    """Mend it in place where that is possible: something may be running from it."""
    has_moved = bool(made) and made.get("root") != wanted["root"]
    if has_moved or not installer.works(PYTHON):
        _make_empty()
    MARKER.unlink(missing_ok=True)
    packages = len(re.findall(r"^[\w.-]+==", LOCK.read_text(), re.MULTILINE))
    with Progress("Making .venv from requirements.lock (once)", total=packages) as progress:
        installer.run(PYTHON, ["--require-hashes", "--no-deps", "-r", str(LOCK)], progress)
        installer.run(PYTHON, ["--no-deps", "--no-build-isolation", "-e", str(ROOT)], progress)
    MARKER.write_text(json.dumps(wanted))


def _make_empty() -> None:
    # What a link points to is somebody else's, and would be emptied in the place of the link.
    if VENV.is_symlink():
        VENV.unlink()
    if importlib.util.find_spec("ensurepip") is None:
        raise LocalRunFailed(VENV_MISSING)
    made = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", str(VENV)],
        capture_output=True,
        text=True,
        timeout=MAKE_WAIT_S,
        check=False,
    )
    if made.returncode != 0:
        raise LocalRunFailed(f"{VENV} could not be made.\n{made.stdout}{made.stderr}".strip())
