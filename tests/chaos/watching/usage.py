"""Usage: the memory, open files and threads of every process group, read from /proc."""

from __future__ import annotations

import os
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

PROC = Path("/proc")
KIB = 1024
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
GROUP_FIELD = 2
"""Of what follows the name in /proc/PID/stat: state, parent, group."""


class Usage(NamedTuple):
    """What one process and its children hold. `pid` tells a process from its successor."""

    pid: int
    memory_bytes: int
    files: int
    threads: int


def of(pids: dict[str, int]) -> dict[str, Usage]:
    """Return what each named process holds now, with its whole group; what is gone is left out."""
    members = _groups()
    used = {}
    for name, pid in pids.items():
        held = [usage for each in members.get(pid, ()) if (usage := _one(each)) is not None]
        if held:
            used[name] = Usage(
                pid,
                sum(usage.memory_bytes for usage in held),
                sum(usage.files for usage in held),
                sum(usage.threads for usage in held),
            )
    return used


def _groups() -> dict[int, list[int]]:
    """Return the processes of every group."""
    groups: dict[int, list[int]] = defaultdict(list)
    for entry in PROC.iterdir():
        if not entry.name.isdigit():
            continue
        try:
            after_name = (entry / "stat").read_text().rpartition(") ")[2]
        except OSError:
            continue
        groups[int(after_name.split()[GROUP_FIELD])].append(int(entry.name))
    return groups


def _one(pid: int) -> Usage | None:
    """Return what one process holds; None when it is gone."""
    folder = PROC / str(pid)
    try:
        resident_pages = int((folder / "statm").read_text().split()[1])
        files = sum(1 for _ in (folder / "fd").iterdir())
        threads = sum(1 for _ in (folder / "task").iterdir())
    except (OSError, IndexError):
        return None
    return Usage(pid, resident_pages * PAGE_BYTES, files, threads)
