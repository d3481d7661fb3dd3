"""The watchdog: a worker that has gone deaf exits, so that its supervisor starts a whole one.

Dramatiq's threads can die while the process stays up; what was fetched is then stranded until the
process ends. The relay would ring for it, but in vain if every worker were deaf. A thread that
stalls is as good as dead; how long it may take `workers.pulse` says.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import structlog

from workers import pulse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dramatiq.worker import Worker

log = structlog.get_logger()

LOOK_EVERY_S = 1.0
EXIT_CODE = 70
"""What the process exits with when a thread of it has died or stalls (EX_SOFTWARE)."""


class Watchdog(threading.Thread):
    """Looks at every thread that must live; ends the whole process when one does not."""

    def __init__(self, workers: Sequence[Worker], others: Sequence[threading.Thread] = ()) -> None:
        super().__init__(name="watchdog", daemon=True)
        self._workers = workers
        self._others = others
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Look no more: from now on threads may end."""
        self._stopping.set()

    def run(self) -> None:
        """Look until told to stop."""
        while not self._stopping.wait(LOOK_EVERY_S):
            dead, stalled = self.dead_threads(), pulse.stalled()
            if (dead or stalled) and not self._stopping.is_set():
                log.critical("worker.deaf", reason=", ".join(dead), count=stalled)
                os._exit(EXIT_CODE)

    def dead_threads(self) -> list[str]:
        """Return the names of threads that should live and do not."""
        threads: list[threading.Thread] = list(self._others)
        for worker in self._workers:
            threads.extend((*worker.workers, *worker.consumers.values()))
        return [thread.name for thread in threads if not thread.is_alive()]
