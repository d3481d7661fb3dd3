"""Killing: the worker, and now and then the web, each when its share of payments is settled.

A worker dies at any moment, or is spared until it has nothing under way (see `sparing`).
"""

from __future__ import annotations

import contextlib
import math
import os
import signal
import time
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.local.supervisor import Supervisor

WORKER = "worker"
WEB = "web"
WORKER_KILLS_OF_A_WEB_KILL = 5
LAST_SHARE = 0.85
"""Share of settled payments before which all strikes fall: some are settled only at the very end,
when their pages are closed."""

SPARED_S_MAX = 1.0
"""How long a process may be spared at a time; it is looked at again soon after."""

STOPPED_S = 0.01
"""From a process's stop to the moment at which all that it had sent before has been done."""


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
    """Strikes one after another; a process that is not back yet is waited for.

    `may_die` is asked, of a process that stands still, whether it may die now.
    """

    def __init__(
        self,
        supervisor: Supervisor,
        strikes: list[Strike],
        *,
        may_die: Callable[[str], bool] | None = None,
    ) -> None:
        self.done: Counter[str] = Counter()
        self._supervisor = supervisor
        self._may_die = may_die
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
        with contextlib.suppress(ProcessLookupError):
            if self._kill(name, pid):
                self._killed_pids.add(pid)
                self.done[name] += 1
                self._waiting.pop()

    def _kill(self, name: str, pid: int) -> bool:
        """Kill a process with all its children: what a worker forked must not go on.

        Return False where it had something under way for as long as it may be spared.
        """
        spared_until_s = time.monotonic() + SPARED_S_MAX
        while self._may_die is not None and not self._may_die_now(self._may_die, name, pid):
            if time.monotonic() > spared_until_s:
                return False
            time.sleep(STOPPED_S)
        os.killpg(pid, signal.SIGKILL)
        return True

    @staticmethod
    def _may_die_now(may_die: Callable[[str], bool], name: str, pid: int) -> bool:
        """Stop the process and ask; it stands still where it may die, else it goes on."""
        os.killpg(pid, signal.SIGSTOP)
        time.sleep(STOPPED_S)
        if may_die(name):
            return True
        os.killpg(pid, signal.SIGCONT)
        return False
