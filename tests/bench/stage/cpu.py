"""CPU and memory of processes, as the kernel counts them.

CPU time is steadier than wall time on a machine that is shared, and says where the time goes.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

TICK_S = 1 / os.sysconf("SC_CLK_TCK")
PROC = Path("/proc")
_UTIME, _STIME, _CUTIME, _CSTIME = 11, 12, 13, 14
_PARENT = 1


@dataclass(frozen=True, slots=True)
class _Stat:
    parent: int
    own_s: float
    of_dead_children_s: float


def tree_s(pid: int) -> float:
    """Return the CPU seconds of a process, its living descendants and its collected children."""
    stats = _all()
    if pid not in stats:
        return 0.0
    return sum(
        stats[each].own_s + stats[each].of_dead_children_s for each in _descendants(pid, stats)
    )


def descendants(pid: int) -> list[int]:
    """Return a process and all that it started, while they live."""
    return _descendants(pid, _all())


def memory_bytes(pid: int) -> int:
    """Return the resident memory of a process and its descendants; shared pages count each time."""
    total = 0
    for each in descendants(pid):
        try:
            pages = int((PROC / str(each) / "statm").read_text().split()[1])
        except (OSError, IndexError):
            continue
        total += pages * os.sysconf("SC_PAGE_SIZE")
    return total


class Meter:
    """Measures what named processes spend between two moments."""

    def __init__(self, pids: Mapping[str, int]) -> None:
        self._pids = dict(pids)
        self._before = {name: tree_s(pid) for name, pid in self._pids.items()}

    def spent_s(self) -> dict[str, float]:
        """Return CPU seconds by process since it was made."""
        return {name: tree_s(pid) - self._before[name] for name, pid in self._pids.items()}

    def us_per(self, events: int) -> dict[str, float]:
        """Return CPU microseconds by process and event."""
        return {name: s * 1e6 / max(1, events) for name, s in self.spent_s().items()}


def _all() -> dict[int, _Stat]:
    found = {}
    for entry in PROC.iterdir():
        if not entry.name.isdecimal():
            continue
        try:
            text = (entry / "stat").read_text()
        except OSError:
            continue
        # The name in brackets may hold anything; what follows the last bracket is plain.
        fields = text[text.rindex(")") + 2 :].split()
        found[int(entry.name)] = _Stat(
            int(fields[_PARENT]),
            _ticks_s(fields[_UTIME], fields[_STIME]),
            _ticks_s(fields[_CUTIME], fields[_CSTIME]),
        )
    return found


def _ticks_s(*ticks: str) -> float:
    return sum(map(int, ticks)) * TICK_S


def _descendants(pid: int, stats: Mapping[int, _Stat]) -> list[int]:
    children: dict[int, list[int]] = {}
    for each, stat in stats.items():
        children.setdefault(stat.parent, []).append(each)
    found: list[int] = []
    waiting: list[int] = [pid] if pid in stats else []
    while waiting:
        here = waiting.pop()
        found.append(here)
        waiting.extend(children.get(here, ()))
    return found


def median_by_name(rounds: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """Return the median over rounds, process by process."""
    gathered: dict[str, list[float]] = {}
    for each in rounds:
        for name, value in each.items():
            gathered.setdefault(name, []).append(value)
    return {name: median(values) for name, values in gathered.items()}
