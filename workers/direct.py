"""Without Redis: workers take work straight from Postgres, and stop doing so when it is back."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import psycopg
import redis
import structlog

from domain.wakeup import IDS_PER_RING_MAX, Lane
from workers.actors import answer
from workers.store import inbox

if TYPE_CHECKING:
    from workers.database import Database

log = structlog.get_logger()

ASK_EVERY_S = 1.0
"""How often a silent doorbell is asked whether it is back, and a good one whether it is silent."""

POLL_EVERY_S = 0.2
"""How often Postgres is asked for work while the doorbell is silent and nothing was found."""

LANES = (Lane.EVENTS, Lane.REPLAY, Lane.QUARANTINE)


class DirectClaimer(threading.Thread):
    """Takes due work from Postgres for as long as Redis does not answer."""

    def __init__(self, client: redis.Redis, database: Database, *, worker: str) -> None:
        super().__init__(name="direct-claimer", daemon=True)
        self._client = client
        self._database = database
        self._worker = worker
        self._stopping = threading.Event()
        self._silent = False

    def stop(self) -> None:
        """End after the batch in hand."""
        self._stopping.set()

    def run(self) -> None:
        """Listen for silence, and work through it."""
        while not self._stopping.wait(POLL_EVERY_S if self._silent else ASK_EVERY_S):
            self._note(silent=not self._answers())
            if self._silent:
                self._work()
        self._database.close()

    def _answers(self) -> bool:
        try:
            return bool(self._client.ping())
        except redis.RedisError:
            return False

    def _note(self, *, silent: bool) -> None:
        if silent != self._silent:
            self._silent = silent
            log.warning("doorbell.silent" if silent else "doorbell.back", worker=self._worker)

    def _work(self) -> None:
        """Work off what is due until there is less than a batch of it."""
        for lane in LANES:
            found = IDS_PER_RING_MAX
            while found == IDS_PER_RING_MAX and not self._stopping.is_set():
                found = self._take(lane)

    def _take(self, lane: Lane) -> int:
        try:
            with self._database.transaction() as tx:
                event_ids = inbox.due(tx, lane=lane, limit=IDS_PER_RING_MAX)
            if event_ids:
                answer(self._database, lane, event_ids, worker=self._worker)
        except psycopg.OperationalError as error:
            log.warning("store.unavailable", error_class=type(error).__name__)
            return 0
        return len(event_ids)
