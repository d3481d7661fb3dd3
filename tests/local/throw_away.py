"""Folders for stores of one test run, and the clearing of what killed runs left."""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.local import folders, sockets

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX = "payratchet-run-"
# A younger folder may belong to a run that has not locked it yet.
LEFT_BEHIND_AGE_S = 600.0
# The account that runs a store as root's stand-in must be able to walk through.
WALKABLE = 0o711


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """Give a new temporary folder and remove it at the end.

    What killed runs left is removed first.
    """
    _sweep()
    made = Path(tempfile.mkdtemp(prefix=PREFIX))
    made.chmod(WALKABLE)
    try:
        yield made
    finally:
        _remove(made)


def _sweep() -> None:
    """Remove folders of ours that no run holds by the lock in it."""
    for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            status = left.lstat()
            if status.st_uid != os.geteuid() or time.time() - status.st_ctime < LEFT_BEHIND_AGE_S:
                continue
            _remove_unless_held(left)


def _remove_unless_held(left: Path) -> None:
    with (left / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        _remove(left)


def _remove(left: Path) -> None:
    sockets.clear(left)
    folders.remove(left)
