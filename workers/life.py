"""Life: a session that a worker keeps open for as long as it lives, and for nothing else.

By it others learn at once that the worker has died, and take over the calls it had in hand.
"""

from __future__ import annotations

import os
import secrets
import socket
import threading
from typing import TYPE_CHECKING

import psycopg
import structlog

from workers.store import lives

if TYPE_CHECKING:
    from collections.abc import Callable

    from workers.database import Database

log = structlog.get_logger()

BEAT_EVERY_S = 0.25
"""How often it is looked whether the session is still there, and a new one made where it is not:
several times within the time that a worker may be without one (`lives.AWAY_S_MAX`)."""


def fresh_name() -> str:
    """Return a name that no other process has or ever had, and that says where it is."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


class Life(threading.Thread):
    """Keeps the session, in a thread of its own; tells `on_begun` once others can see it."""

    def __init__(
        self, database: Database, *, worker: str, on_begun: Callable[[], None] = lambda: None
    ) -> None:
        super().__init__(name="life", daemon=True)
        self._database = database
        self._worker = worker
        self._stopping = threading.Event()
        self._on_begun = on_begun
        self._has_begun = False

    def stop(self) -> None:
        """Let go of the session: what is still in hand then is others' soon."""
        self._stopping.set()

    def run(self) -> None:
        """Live until told to stop."""
        while not self._stopping.is_set():
            self._beat()
            self._stopping.wait(BEAT_EVERY_S)
        self._database.close()

    def _beat(self) -> None:
        try:
            backend = self._database.backend()
            with self._database.statement() as tx:
                lives.live_on(tx, self._worker, backend)
            if not self._has_begun:
                self._has_begun = True
                self._on_begun()
        except psycopg.Error as error:
            log.debug("life.unseen", error_class=type(error).__name__)
