"""Without Redis: workers take work straight from Postgres, and stop doing so when it is back."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import psycopg
import redis
import structlog

from domain.retry import CRASHES_BEFORE_SPLIT
from domain.wakeup import IDS_PER_RING_MAX, Lane
from workers.actors import answer
from workers.broker import probe
from workers.calling.pool import WAITING_MAX
from workers.store import inbox
from workers.telling import nobody

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from workers.database import Database
    from workers.telling import Tell

log = structlog.get_logger()

ASK_EVERY_S = 1.0
"""How often a silent doorbell is asked whether it is back, and a good one whether it is silent."""

POLL_EVERY_S = 0.2
"""How often Postgres is asked for work while the doorbell is silent and nothing was found."""

TAKEN_AT_ONCE = {
    Lane.EVENTS: IDS_PER_RING_MAX,
    Lane.CALLS: WAITING_MAX,
    Lane.REPLAY: IDS_PER_RING_MAX,
    Lane.QUARANTINE: 1,
}
"""Events taken at once: one from quarantine may take half a minute, and others wait for it.

Commands are only handed to the threads that call, as many as may wait there.
"""

HANDED_OUT_S = 2.0
"""After how long a command that was handed to the threads that call is looked at again: so that
those of an account that hangs, which wait there, do not hide all others."""


def nobody_calls(event_ids: Sequence[int]) -> int:
    """Take no commands: this process has no threads for them."""
    del event_ids
    return 0


class DirectClaimer(threading.Thread):
    """Takes due work from Postgres for as long as Redis does not answer."""

    def __init__(
        self,
        client: redis.Redis,
        database: Database,
        *,
        worker: str,
        call: Callable[[Sequence[int]], int] = nobody_calls,
        tell: Tell = nobody,
    ) -> None:
        super().__init__(name="direct-claimer", daemon=True)
        self._call = call
        self._tell = tell
        self._client = client
        self._database = database
        self._worker = worker
        self._stopping = threading.Event()
        self._silent = False

    @property
    def is_claiming(self) -> bool:
        """Whether the doorbell is silent, so that work is taken from Postgres."""
        return self._silent

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
            probe(self._client)
        except redis.RedisError:
            return False
        return True

    def _note(self, *, silent: bool) -> None:
        if silent != self._silent:
            self._silent = silent
            log.warning("doorbell.silent" if silent else "doorbell.back", worker=self._worker)

    def _work(self) -> None:
        """Work off what is due, lane by lane, until a round finds less than a batch."""
        found = IDS_PER_RING_MAX
        while found >= IDS_PER_RING_MAX and not self._stopping.is_set():
            found = sum(self._take(lane, limit) for lane, limit in TAKEN_AT_ONCE.items())

    def _take(self, lane: Lane, limit: int) -> int:
        try:
            with self._database.transaction() as tx:
                due = inbox.due(tx, lane=lane, limit=limit)
                if lane is Lane.CALLS:
                    inbox.hand_out(tx, [item.event_id for item in due], for_s=HANDED_OUT_S)
            if lane is Lane.CALLS:
                return self._call([item.event_id for item in due])
            for event_ids in _batches(due):
                answer(self._database, lane, event_ids, worker=self._worker, tell=self._tell)
        except psycopg.OperationalError as error:
            log.warning("store.unavailable", error_class=type(error).__name__)
            return 0
        return len(due)


def _batches(due: Sequence[inbox.Due]) -> Iterator[list[int]]:
    """Put together what is harmless as far as we know; then what died too often, one by one."""
    calm = [item.event_id for item in due if item.crashes < CRASHES_BEFORE_SPLIT]
    if calm:
        yield calm
    yield from ([item.event_id] for item in due if item.crashes >= CRASHES_BEFORE_SPLIT)
