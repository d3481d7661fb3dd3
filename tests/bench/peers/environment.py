"""A Python environment of the peers' own, made from their lock."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from pathlib import Path

from tests.local import installer
from tests.local.errors import LocalRunFailed
from tests.local.progress import Progress

LOCK = Path(__file__).with_name("requirements.lock")
FOLDER = "peers-venv"
MARKER = "made-from.sha256"
MAKE_WAIT_S = 120.0


class PeersMissing(LocalRunFailed):
    """The peers' packages cannot be had, so nothing can be said about them."""


def ready(data: Path) -> Path:
    """Return the Python of the environment in this data folder, made if need be.

    Made anew when the lock changed. Only one run at a time may have the data folder. Raises
    PeersMissing with the last that the installer said.
    """
    python = made(data)
    return python if python is not None else _make(data / FOLDER)


def made(data: Path) -> Path | None:
    """Return the Python of the environment if it is there and fits the lock; installs nothing."""
    python = _python(data / FOLDER)
    try:
        fits = (data / FOLDER / MARKER).read_text() == _fingerprint()
    except OSError:
        return None
    return python if fits and installer.works(python) else None


def _make(folder: Path) -> Path:
    python = _python(folder)
    packages = len(re.findall(r"^[\w.-]+==", LOCK.read_text(), re.MULTILINE))
    arguments = ["--require-hashes", "--no-deps", "-r", str(LOCK)]
    try:
        _make_empty(folder)
        with Progress("Installing the peers to measure against (once)", total=packages) as progress:
            installer.run(python, arguments, progress)
    except LocalRunFailed as error:
        raise PeersMissing(str(error)) from error
    (folder / MARKER).write_text(_fingerprint())
    return python


def _make_empty(folder: Path) -> None:
    try:
        subprocess.run(
            [sys.executable, "-m", "venv", "--clear", str(folder)],
            capture_output=True,
            text=True,
            timeout=MAKE_WAIT_S,
            check=True,
        )
    except subprocess.CalledProcessError as error:
        raise PeersMissing(f"{folder} could not be made.\n{error.stdout}{error.stderr}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PeersMissing(f"{folder} could not be made: {error}") from error


def _python(folder: Path) -> Path:
    return folder / "bin" / "python"


def _fingerprint() -> str:
    return hashlib.sha256(LOCK.read_bytes()).hexdigest()
