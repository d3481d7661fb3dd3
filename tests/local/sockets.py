"""A short, private folder for the stores' sockets.

A socket's path may have 107 bytes (103 on macOS), and a checkout may lie deeper than that or on a
file system without sockets. So the folder lies in the temporary folder, and a link in the data
folder lets a later run find and clear it. Data that lies in the temporary folder itself has its
sockets beside it.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from tests.local import folders

FOLDER_BYTES_MAX = 80
PREFIX = "payratchet-sockets-"
NAME = "sockets"
SHORT_PLACE = Path("/tmp")
PRIVATE = 0o700


def make(data: Path) -> Path:
    """Make the folder; `clear` must have been called since the last one."""
    place = Path(tempfile.gettempdir())
    beside = data / NAME
    if data.is_relative_to(place) and _is_short(beside):
        beside.mkdir(PRIVATE)
        return beside
    longest = place / f"{PREFIX}{'x' * 8}"
    made = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place if _is_short(longest) else SHORT_PLACE))
    beside.symlink_to(made)
    return made


def clear(data: Path) -> None:
    """Remove the folder of the last run on this data, if any."""
    beside = data / NAME
    if not beside.is_symlink():
        folders.remove(beside)
        return
    made = beside.readlink()
    if made.name.startswith(PREFIX):
        folders.remove(made)
    beside.unlink()


def _is_short(folder: Path) -> bool:
    return len(os.fsencode(folder)) < FOLDER_BYTES_MAX
