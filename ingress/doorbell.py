"""The doorbell: after a commit, ids go to the broker so that a worker wakes up at once.

A ring may be lost; the relay rings again for what stays unfinished. So nothing here ever waits
for Redis but one thread, and whatever Redis does, the webhook is answered the same.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import dramatiq
import redis
import structlog
from dramatiq.brokers.redis import RedisBroker
from redis.backoff import NoBackoff
from redis.retry import Retry

from domain.wakeup import BROKER_NAMESPACE, Lane, actor_name, batches, queue_name

if TYPE_CHECKING:
    from collections.abc import Sequence

LINGER_S = 0.01
"""Seconds that ids wait for company: one message for many is far cheaper for everybody."""

IDS_WAITING_MAX = 20_000
"""Ids that wait to be sent; what comes on top is left to the relay."""

REDIS_S_MAX = 1.0
"""Seconds for a connection, and for an answer."""

PAUSE_S = 1.0
"""Seconds without an attempt after one that failed."""

STOP_S_MAX = 2.0
"""Seconds to send what still waits when the process stops."""

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()


class Doorbell:
    """Rings on one thread of its own. `lost` counts ids that were not sent."""

    def __init__(self, redis_url: str) -> None:
        self._client = client(redis_url)
        self._lock = threading.Lock()
        self._ids: dict[Lane, list[int]] = {lane: [] for lane in Lane}
        self._waiting = 0
        self._wake = threading.Event()
        self._closing = threading.Event()
        self.thread = threading.Thread(target=self._run, name="doorbell", daemon=True)
        self.is_silent = False
        self.lost = 0

    def start(self) -> None:
        """Begin to ring."""
        self.thread.start()

    def ring(self, lane: Lane, event_ids: Sequence[int]) -> None:
        """Have workers woken for these events, soon; never waits, never raises."""
        if not event_ids:
            return
        with self._lock:
            if self._waiting + len(event_ids) > IDS_WAITING_MAX:
                self.lost += len(event_ids)
                return
            self._ids[lane] += event_ids
            self._waiting += len(event_ids)
        self._wake.set()

    def close(self) -> None:
        """Send what waits, within `STOP_S_MAX`, and end the thread."""
        self._closing.set()
        self._wake.set()
        if self.thread.is_alive():
            self.thread.join(STOP_S_MAX)
        self._client.close()

    def _run(self) -> None:
        broker = RedisBroker(  # type: ignore[no-untyped-call]
            client=self._client, namespace=BROKER_NAMESPACE, middleware=[]
        )
        for lane in Lane:
            broker.declare_queue(queue_name(lane))
        while True:
            self._wake.wait()
            self._wake.clear()
            self._closing.wait(LINGER_S)
            self._send(broker, self._taken())
            if self._closing.is_set():
                self._send(broker, self._taken())
                return

    def _taken(self) -> dict[Lane, list[int]]:
        with self._lock:
            taken, self._ids = self._ids, {lane: [] for lane in Lane}
            self._waiting = 0
        return taken

    def _send(self, broker: RedisBroker, taken: dict[Lane, list[int]]) -> None:
        left = sum(map(len, taken.values()))
        try:
            for lane, event_ids in taken.items():
                for ids in batches(event_ids):
                    broker.enqueue(message(lane, ids))
                    left -= len(ids)
                    self._note_heard()
        except Exception as error:  # noqa: BLE001 - a bell whose thread ended is silent for ever
            self._note_silent(error, left)
            self._closing.wait(PAUSE_S)

    def _note_heard(self) -> None:
        if self.is_silent:
            log.info("doorbell.heard", count=self.lost)
        self.is_silent = False

    def _note_silent(self, error: Exception, left: int) -> None:
        self.lost += left
        if not self.is_silent:
            log.warning("doorbell.silent", error_class=type(error).__name__)
        self.is_silent = True


def client(redis_url: str) -> redis.Redis:
    """Return a client that gives up within `REDIS_S_MAX` and repeats nothing by itself."""
    return redis.Redis.from_url(
        redis_url,
        socket_timeout=REDIS_S_MAX,
        socket_connect_timeout=REDIS_S_MAX,
        retry=Retry(NoBackoff(), 0),
    )


def message(lane: Lane, event_ids: list[int]) -> dramatiq.Message[None]:
    """Return the wake-up for these events."""
    return dramatiq.Message(
        queue_name=queue_name(lane),
        actor_name=actor_name(lane),
        args=(event_ids,),
        kwargs={},
        options={},
    )
