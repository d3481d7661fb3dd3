"""The shim: a library of the lab's own in one process, and the file that it looks into.

It is built where the lab runs (`shim.c`); without a C compiler what needs it is left out, but for
the wall clock of Python, which `injected/lab_clock.py` shifts by the same file.
"""

from __future__ import annotations

import mmap
import shutil
import struct
import subprocess
import sys
from enum import IntEnum
from pathlib import Path

SOURCE = Path(__file__).with_name("shim.c")
COMPILERS = ("cc", "gcc", "clang")
COMPILE_WAIT_S = 60.0
NUMBER = struct.Struct("=q")
# A store of ours runs as an account of its own when we are root.
READABLE = 0o644
LOADABLE = 0o755


class Dial(IntEnum):
    """What can be turned, by its place in the file (`struct control` in shim.c)."""

    CLOCK_NS = 0
    SYNC_US = 1
    FULL_DATA = 2
    FULL_WAL = 3


def build(folder: Path) -> Path | None:
    """Build the shim in this folder; None where that is not possible."""
    compiler = next(filter(None, map(shutil.which, COMPILERS)), None)
    if sys.platform != "linux" or compiler is None:
        return None
    built = folder / "shim.so"
    words = [compiler, "-shared", "-fPIC", "-O2", "-o", str(built), str(SOURCE), "-ldl"]
    done = subprocess.run(words, capture_output=True, timeout=COMPILE_WAIT_S, check=False)
    if done.returncode != 0:
        return None
    built.chmod(LOADABLE)
    return built


def control_of(folder: Path, name: str) -> Path:
    """Return where the dials of one process of a run are."""
    return folder / "lab" / f"{name}.control"


def make_control(path: Path) -> None:
    """Make the file with all dials at 0."""
    path.write_bytes(bytes(NUMBER.size * len(Dial)))
    path.chmod(READABLE)


def turn(path: Path, dial: Dial, value: int) -> None:
    """Turn one dial; the process sees it at once. Raises FileNotFoundError without the file."""
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as mapped:
        NUMBER.pack_into(mapped, NUMBER.size * dial, value)


def is_prepared(folder: Path, name: str) -> bool:
    """Say whether there is a file of dials for this process of the run."""
    return control_of(folder, name).exists()


def is_loaded(folder: Path, name: str, pid: int | None) -> bool:
    """Say whether the process has the shim in its memory.

    One that is down, or that may not be looked into, counts as what it was prepared for.
    """
    if not is_prepared(folder, name):
        return False
    try:
        return pid is None or "/shim.so" in Path(f"/proc/{pid}/maps").read_text()
    except OSError:
        return True
