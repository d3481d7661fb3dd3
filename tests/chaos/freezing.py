"""Stopping processes so that they go on one day, and never outlive the lab standing still.

A stopped process hears of no parent's death and ends by no signal but SIGKILL. A warden, one shell
for each group that stands still, sees the lab's end by its pipe and kills what was left stopped.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

WARDEN = 'read -r thawed || kill -s KILL -- "$@"'
"""`read` fails when the pipe ends without a line: the lab is gone."""

ROUNDS_MAX = 5
"""How often processes are looked for that were started while the others were being stopped."""

THAW_S_MAX = 5.0


class Frozen:
    """Processes that stand still from here until `thaw` or their end.

    A negative pid is a group, as for kill(2). `pids` is asked again after each round, for one that
    still ran may have started another.
    """

    def __init__(self, pids: Callable[[], Iterable[int]]) -> None:
        self._pids: list[int] = []
        for _ in range(ROUNDS_MAX):
            new = [pid for pid in pids() if pid not in self._pids]
            if not new:
                break
            self._pids += new
            _tell(new, signal.SIGSTOP)
        self._warden = subprocess.Popen(
            ["/bin/sh", "-c", WARDEN, "warden", *map(str, self._pids)],
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    @property
    def pids(self) -> tuple[int, ...]:
        """Who was stopped."""
        return tuple(self._pids)

    def thaw(self) -> None:
        """Let them go on; nothing happens to those that were killed, nor a second time."""
        _tell(reversed(self._pids), signal.SIGCONT)
        self.dismiss()

    def dismiss(self) -> None:
        """Watch over them no longer: they were killed, or go on."""
        if self._warden.returncode is None:
            with contextlib.suppress(BrokenPipeError):
                self._warden.communicate(b"thawed\n", timeout=THAW_S_MAX)
        self._pids.clear()


def _tell(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
