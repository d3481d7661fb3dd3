"""The Dramatiq actors: one a lane, each receives a list of ids and calls its use case."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dramatiq
import psycopg
import structlog

from domain.wakeup import IDS_PER_RING_MAX, Lane, actor_name, queue_name
from workers import pulse
from workers.apply import apply_events
from workers.broker import DISCARD_ACTOR
from workers.quarantine import apply_quarantined

if TYPE_CHECKING:
    from threading import Thread

    from dramatiq import Broker
    from dramatiq.brokers.redis import RedisBroker

    from workers.database import Database

log = structlog.get_logger()


class Farewell(dramatiq.Middleware):
    """Closes the connection to Postgres of a thread that ends."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def before_worker_thread_shutdown(self, broker: Broker, thread: Thread) -> None:  # noqa: ARG002
        """Close; called by the thread itself."""
        self._database.close()


def declare(broker: RedisBroker, database: Database, lane: Lane, *, worker: str) -> None:
    """Declare the lane's actor, and the one that discards what nobody can decode."""

    def on_ring(event_ids: list[int]) -> None:
        answer(database, lane, event_ids, worker=worker)

    queue = queue_name(lane)
    dramatiq.actor(broker=broker, actor_name=actor_name(lane), queue_name=queue)(on_ring)
    dramatiq.actor(broker=broker, actor_name=DISCARD_ACTOR, queue_name=queue)(discard)


def answer(database: Database, lane: Lane, event_ids: list[int], *, worker: str) -> None:
    """Apply what a message rang for. Never raises: the work rows, not messages, are retried."""
    ids = [event_id for event_id in event_ids if type(event_id) is int][:IDS_PER_RING_MAX]
    try:
        if lane is Lane.QUARANTINE:
            for event_id in ids:
                with pulse.at_work():
                    apply_quarantined(database, event_id, worker=worker)
        else:
            with pulse.at_work():
                apply_events(database, ids, worker=worker)
    except psycopg.OperationalError as error:
        log.warning("store.unavailable", error_class=type(error).__name__, count=len(ids))


def discard() -> None:
    """Take note of a message that was none of ours."""
    log.error("doorbell.undecodable")
