"""Quarantine: an event that killed its worker is applied in a process of its own.

Run as `python -m workers.quarantine EVENT_ID`; only that process dies of it. An event that
kills this one too is set aside as `crash_loop`.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import psycopg
import structlog

from domain.judgement import Burial
from workers import logging
from workers.apply import apply_events
from workers.burial import letter_for, set_aside
from workers.database import Database
from workers.settings import StoreSettings, load
from workers.store import inbox

if TYPE_CHECKING:
    from collections.abc import Sequence

log = structlog.get_logger()

STORE_AWAY = os.EX_TEMPFAIL
"""Exit code of a child that could not reach the store: no fault of the event."""

STOPPED = (-signal.SIGTERM, -signal.SIGINT)
"""Exit codes of a child that was told to stop with everything else: no fault of the event."""

TIME_S_MAX = 30.0
"""Longest that one event may take in quarantine; then its process is killed."""


def apply_quarantined(database: Database, event_id: int, *, worker: str) -> None:
    """Apply the event in a child process; bury it when the child does not come back whole."""
    command = [sys.executable, "-m", "workers.quarantine", str(event_id)]
    try:
        code = subprocess.run(command, check=False, timeout=TIME_S_MAX).returncode  # noqa: S603
        ended = f"its process ended with {code}"
    except subprocess.TimeoutExpired:
        code, ended = -1, f"its process did not end within {TIME_S_MAX:.0f} s"
    if code not in (0, STORE_AWAY, *STOPPED):
        _bury(database, event_id, ended, worker=worker)


def _bury(database: Database, event_id: int, ended: str, *, worker: str) -> None:
    with database.transaction() as tx:
        found = inbox.lock(tx, [event_id], lanes=inbox.QUARANTINE)
        if not found:
            return
        work = found[0]
        # Not read: whatever reads it may be what it kills.
        message = f"the event kills whoever applies it: {work.crashes} workers; alone, {ended}"
        letter = letter_for(work, None, Burial("crash_loop", "CrashLoop", message))
        set_aside(tx, work, letter, worker=worker)
    log.error("event.quarantined", event_id=event_id, reason="crash_loop")


def main(arguments: Sequence[str]) -> int:
    """Apply one event and return 0; whatever kills this process is the caller's to note."""
    logging.configure("quarantine")
    database = Database(load(StoreSettings).database_url, name="payratchet quarantine")
    try:
        apply_events(database, [int(arguments[0])], worker="quarantine", in_quarantine=True)
    except psycopg.OperationalError:
        return STORE_AWAY
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
