"""The watchdog: a process that cannot serve any more ends, so that its supervisor starts a new one.

That is when its event loop does not turn, or when a thread or a task has ended that must not. Ended
at any moment the process loses nothing that was acknowledged.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING

import structlog

from ingress import lasting

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

LOOK_EVERY_S = 1.0
LOOP_STALL_S_MAX = 10.0
"""Longest that the event loop may take for one thing: all that it does takes milliseconds."""

STOOD_STILL_S = 2.0
"""A look that comes so much too late says that the whole process stood still, as by SIGSTOP, or got
no processor. Then its loop has its time once more."""

CPU_S_MAX = 30.0
"""Seconds of the processor without a look: something lets no other thread run. Then the system ends
the process, by SIGPROF. Time in which the process stood still does not count."""

STOP_S_MAX = 4.3
"""Seconds for what follows the last answer when the process stops. With `server.STOP_S_MAX` and the
time until that begins it is less than 10."""

EXIT_CODE = 70
"""What the process exits with (EX_SOFTWARE)."""


class Watchdog(threading.Thread):
    """Looks once a second. `dying` is told why, and writes what is still to be said."""

    def __init__(
        self, threads: Sequence[threading.Thread], *, dying: Callable[[], None] = lambda: None
    ) -> None:
        super().__init__(name="watchdog", daemon=True)
        self._threads = threads
        self._dying = dying
        self._stopping = threading.Event()
        self._turned_s = time.monotonic()
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """Begin, in the loop that is to be watched."""
        self._turn()
        self.start()

    def _turn(self) -> None:
        self._turned_s = time.monotonic()
        self._timer = asyncio.get_running_loop().call_later(LOOK_EVERY_S, self._turn)

    def end(self) -> None:
        """Look no more: from now on all may end. What takes longer than `STOP_S_MAX` is left."""
        self._stopping.set()
        if self._timer is not None:
            self._timer.cancel()
        _limit_cpu(0.0)
        late = threading.Timer(STOP_S_MAX, self._die, args=("the stop takes too long",))
        late.daemon = True
        late.start()

    def run(self) -> None:
        """Look until told to stop."""
        looked_s = time.monotonic()
        while not self._stopping.is_set():
            _limit_cpu(CPU_S_MAX)
            self._stopping.wait(LOOK_EVERY_S)
            now_s = time.monotonic()
            if now_s - looked_s > LOOK_EVERY_S + STOOD_STILL_S:
                self._turned_s = now_s
            looked_s = now_s
            reason = self.finds(now_s)
            if reason and not self._stopping.is_set():
                self._die(reason)

    def finds(self, now_s: float) -> str:
        """Return why the process cannot serve any more; "" where it can."""
        dead = [thread.name for thread in self._threads if not thread.is_alive()]
        if dead or lasting.fallen:
            return ", ".join((*dead, *lasting.fallen))
        return "event loop" if now_s - self._turned_s > LOOP_STALL_S_MAX else ""

    def _die(self, reason: str) -> None:
        log.critical("ingress.deaf", reason=reason)
        self._dying()
        os._exit(EXIT_CODE)


def _limit_cpu(seconds: float) -> None:
    if sys.platform != "win32":
        signal.setitimer(signal.ITIMER_PROF, seconds)
