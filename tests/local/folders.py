"""Remove a folder that a process may still be leaving."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

REMOVE_WAIT_S = 2.0
POLL_S = 0.05


def remove(folder: Path) -> None:
    """Remove the folder with all in it; a store that ends meanwhile may add to it for a moment.

    What cannot be removed within REMOVE_WAIT_S stays, for it hurts nobody.
    """
    deadline_s = time.monotonic() + REMOVE_WAIT_S
    shutil.rmtree(folder, ignore_errors=True)
    while folder.exists() and time.monotonic() < deadline_s:
        time.sleep(POLL_S)
        shutil.rmtree(folder, ignore_errors=True)
