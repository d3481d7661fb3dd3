"""A Postgres without a free connection."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

import psycopg

from tests.chaos.faults.postgres import CONNECT_S, SERVICE, Always, connect

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.rows import TupleRow

    from tests.chaos.faults.fault import Rotates
    from tests.chaos.plan import Strike
    from tests.chaos.stage import Stage

DROPPED_ABOVE = 0.5
"""Drawn above it, the service's connections are ended once all others are taken: it must get new
ones where there are hardly any."""

GRAB_EVERY_S = 0.02
JOIN_S = 10.0


class ConnectionsExhausted(Always):
    """All that are free are taken, and each that gets free again."""

    def __init__(self) -> None:
        self._ending = threading.Event()
        self._grabber: threading.Thread | None = None
        self._full = threading.Event()

    def begin(self, stage: Stage, traffic: Rotates, strike: Strike) -> str:
        """Take them."""
        del traffic
        self._ending.clear()
        self._full.clear()
        # Others are ended with it; once all are taken there is no other.
        first = connect(stage)
        self._grabber = threading.Thread(
            target=self._grab, args=(stage.database_url, first), name="grabber", daemon=True
        )
        self._grabber.start()
        self._full.wait(strike.lasts_s)
        if strike.parameters.get("dropped", 0.0) <= DROPPED_ABOVE:
            return "all taken"
        ended = first.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE %s",
            [SERVICE],
        ).fetchall()
        return f"all taken, {len(ended)} of the service's ended"

    def end(self, stage: Stage, traffic: Rotates, strike: Strike) -> str:
        """Give them back."""
        del stage, traffic, strike
        self._ending.set()
        if self._grabber is not None:
            self._grabber.join(JOIN_S)
        return ""

    def _grab(self, url: str, first: Connection[TupleRow]) -> None:
        held = [first]
        while not self._ending.is_set():
            try:
                held.append(
                    psycopg.connect(url, connect_timeout=CONNECT_S, application_name="grabber")
                )
            except psycopg.OperationalError:
                self._full.set()
                self._ending.wait(GRAB_EVERY_S)
        for connection in held:
            with contextlib.suppress(psycopg.Error):
                connection.close()
