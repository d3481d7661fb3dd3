"""The watchdog: a process that has gone deaf exits, so that its supervisor starts a whole one.

Dramatiq's threads can die while the process stays up; what was fetched is then stranded until the
process ends. The relay would ring for it, but in vain if every worker were deaf. A thread that
stalls is as good as dead; how long it may take `workers.pulse` says.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING, NoReturn

import structlog

from workers import pulse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dramatiq.worker import Worker

log = structlog.get_logger()

LOOK_EVERY_S = 1.0

STOOD_STILL_S = 2.0
"""A look that comes so much too late says that the whole process stood still, as by SIGSTOP, or got
no processor. Then every thread has its time once more."""

CPU_S_MAX = 60.0
"""Seconds of the processor without a look: something lets no other thread run. Then the system ends
the process, by SIGPROF. Time in which the process stood still does not count."""

STOP_S_MAX = 9.5
"""Longest that a stop may take; what is in hand then is others' to do."""

EXIT_CODE = 70
"""What the process exits with when a thread of it has died or stalls (EX_SOFTWARE)."""


class Watchdog(threading.Thread):
    """Looks at every thread that must live; ends the whole process when one does not."""

    def __init__(
        self, workers: Sequence[Worker] = (), others: Sequence[threading.Thread] = ()
    ) -> None:
        super().__init__(name="watchdog", daemon=True)
        self._workers = workers
        self._others = others
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Look no more: from now on threads may end."""
        self._stopping.set()
        _limit_cpu(0.0)

    def run(self) -> None:
        """Look until told to stop."""
        looked_s = time.monotonic()
        while not self._stopping.is_set():
            _limit_cpu(CPU_S_MAX)
            self._stopping.wait(LOOK_EVERY_S)
            now_s = time.monotonic()
            if now_s - looked_s > LOOK_EVERY_S + STOOD_STILL_S:
                pulse.begin_anew()
            looked_s = now_s
            dead, stalled = self.dead_threads(), pulse.stalled()
            if (dead or stalled) and not self._stopping.is_set():
                try:
                    log.critical("worker.deaf", reason=", ".join(dead), count=stalled)
                finally:
                    # Whatever becomes of the line: a deaf worker must not live on.
                    os._exit(EXIT_CODE)

    def dead_threads(self) -> list[str]:
        """Return the names of threads that should live and do not."""
        threads: list[threading.Thread] = list(self._others)
        for worker in self._workers:
            threads.extend((*worker.workers, *worker.consumers.values()))
        return [thread.name for thread in threads if not thread.is_alive()]


def watched_until(stopping: threading.Event, watchdog: Watchdog) -> None:
    """Wait until told to stop, and watch the watchdog: the process ends with it."""
    while not stopping.wait(LOOK_EVERY_S):
        if not watchdog.is_alive():
            log.critical("worker.deaf", reason=watchdog.name)
            os._exit(EXIT_CODE)


def end_within(seconds: float) -> threading.Timer:
    """End the process when it has not ended by itself by then; return what would do it."""
    late = threading.Timer(seconds, _end)
    late.daemon = True
    late.start()
    return late


def _end() -> NoReturn:
    log.critical("worker.deaf", reason="the stop takes too long")
    os._exit(EXIT_CODE)


def _limit_cpu(seconds: float) -> None:
    if sys.platform != "win32":
        signal.setitimer(signal.ITIMER_PROF, seconds)
