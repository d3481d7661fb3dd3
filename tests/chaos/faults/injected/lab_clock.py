"""Shift Python's wall clock where the shim cannot be built: time.time and time.time_ns only."""

from __future__ import annotations

import mmap
import os
import struct
import time
from pathlib import Path

NUMBER = struct.Struct("=q")
real_ns = time.time_ns


def _shift(path: Path) -> None:
    with path.open("rb") as file:
        control = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    def time_ns() -> int:
        shift_ns: int = NUMBER.unpack_from(control, 0)[0]
        return real_ns() + shift_ns

    time.time_ns = time_ns
    time.time = lambda: time_ns() / 1e9


if "PAYRATCHET_LAB_CONTROL" in os.environ:
    _shift(Path(os.environ["PAYRATCHET_LAB_CONTROL"]))
