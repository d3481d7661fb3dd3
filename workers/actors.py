"""The Dramatiq actors: one a lane, each receives a list of ids and passes it on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import dramatiq
import psycopg
import structlog

from domain.wakeup import IDS_PER_RING_MAX, Lane, actor_name, queue_name
from workers import pulse
from workers.apply import apply_events
from workers.broker import DISCARD_ACTOR
from workers.quarantine import apply_quarantined
from workers.telling import nobody

if TYPE_CHECKING:
    from threading import Thread

    from dramatiq import Broker
    from dramatiq.brokers.redis import RedisBroker

    from workers.database import Database
    from workers.telling import Tell

log = structlog.get_logger()

EVENT_ID_MAX = 2**63 - 1
"""Beyond it a number is no bigint, and a message that has it is none of ours."""


class Take(Protocol):
    """What is done with the events that a message rang for."""

    def __call__(self, event_ids: list[int], *, alone: bool) -> None:
        """Take them up, now or soon."""


class Farewell(dramatiq.Middleware):
    """Closes the connection to Postgres of a thread that ends."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def before_worker_thread_shutdown(self, broker: Broker, thread: Thread) -> None:  # noqa: ARG002
        """Close; called by the thread itself."""
        self._database.close()


def declare(broker: RedisBroker, lane: Lane, take: Take) -> None:
    """Declare the lane's actor, and the one that discards what nobody can decode.

    `take` gets the ids of each message, at most `IDS_PER_RING_MAX`, and whether they must not meet
    those of others.
    """

    def on_ring(event_ids: list[int], *, alone: bool = False) -> None:
        ids = [event_id for event_id in event_ids if _is_id(event_id)][:IDS_PER_RING_MAX]
        if ids:
            take(ids, alone=alone is True)

    queue = queue_name(lane)
    dramatiq.actor(broker=broker, actor_name=actor_name(lane), queue_name=queue)(on_ring)
    dramatiq.actor(broker=broker, actor_name=DISCARD_ACTOR, queue_name=queue)(discard)


def _is_id(value: object) -> bool:
    return type(value) is int and 0 < value <= EVENT_ID_MAX


def answer(
    database: Database, lane: Lane, event_ids: list[int], *, worker: str, tell: Tell = nobody
) -> None:
    """Apply what was rung for. Never raises: the work rows, not messages, are retried."""
    try:
        if lane is Lane.QUARANTINE:
            for event_id in event_ids:
                with pulse.at_work():
                    apply_quarantined(database, event_id, worker=worker)
        else:
            with pulse.at_work():
                apply_events(database, event_ids, worker=worker, tell=tell)
    except psycopg.OperationalError as error:
        log.warning("store.unavailable", error_class=type(error).__name__, count=len(event_ids))


def discard() -> None:
    """Take note of a message that was none of ours."""
    log.error("doorbell.undecodable")
