"""Killing: the worker, and now and then the web, each when its share of payments is settled."""

from __future__ import annotations

import contextlib
import math
import os
import signal
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tests.local.supervisor import Supervisor

WORKER = "worker"
WEB = "web"
WORKER_KILLS_OF_A_WEB_KILL = 5
LAST_SHARE = 0.85
"""Share of settled payments before which all strikes fall: some are settled only at the very end,
when their pages are closed."""


class Strike(NamedTuple):
    """Kill this process once this share of all payments is settled."""

    at_share: float
    name: str


def planned(worker_kills: int) -> list[Strike]:
    """Return all strikes in order, spread evenly; none before the first payment is settled."""
    web_kills = math.ceil(worker_kills / WORKER_KILLS_OF_A_WEB_KILL)
    return sorted(
        Strike(LAST_SHARE * (number + shift) / count, name)
        for name, count, shift in ((WORKER, worker_kills, 0.9), (WEB, web_kills, 0.5))
        for number in range(count)
    )


class Killing:
    """Strikes one after another; a process that is not back yet is waited for."""

    def __init__(self, supervisor: Supervisor, strikes: list[Strike]) -> None:
        self.done: Counter[str] = Counter()
        self._supervisor = supervisor
        self._waiting = list(reversed(strikes))
        self._killed_pids: set[int] = set()

    @property
    def is_over(self) -> bool:
        """Whether everything was struck that was planned."""
        return not self._waiting

    def reached(self, share: float) -> None:
        """Strike what is due at this share of settled payments, one process a call at most."""
        if not self._waiting or self._waiting[-1].at_share > share:
            return
        name = self._waiting[-1].name
        pid = self._supervisor.pids.get(name)
        if pid is None or pid in self._killed_pids:
            return
        self._killed_pids.add(pid)
        # With all its children: a worker forks, and what it forked must not go on.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
            self.done[name] += 1
            self._waiting.pop()
