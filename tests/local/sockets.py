"""A short, private folder for the stores' sockets, found again through a link in the data folder.

A socket's path may have 107 bytes (103 on macOS), and a checkout may lie deeper than that.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

FOLDER_BYTES_MAX = 80
RANDOM_BYTES = 8
PREFIX = "payratchet-sockets-"
LINK = "sockets"
SHORT_PLACE = "/tmp"


def make(data: Path) -> Path:
    """Make the folder, and link to it from the data folder so that a later run can clear it."""
    place = tempfile.gettempdir()
    length_bytes = len(os.fsencode(place)) + len(PREFIX) + RANDOM_BYTES
    is_short = length_bytes < FOLDER_BYTES_MAX
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place if is_short else SHORT_PLACE))
    (data / LINK).symlink_to(folder)
    return folder


def clear(data: Path) -> None:
    """Remove the folder that the data folder links to, if any."""
    link = data / LINK
    if not link.is_symlink():
        return
    folder = link.readlink()
    if folder.name.startswith(PREFIX):
        shutil.rmtree(folder, ignore_errors=True)
    link.unlink()
