"""The doorbell's wire: Dramatiq over Redis, hardened where its threads could die or strand work.

Dramatiq owns no retry, no delay and no dead letter here. A message is a list of ids; if it is lost,
doubled or mangled, the relay rings again. What each guard is for stands in DECISIONS.md.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import dramatiq
import redis
from dramatiq.broker import Consumer, MessageProxy
from dramatiq.brokers.redis import RedisBroker
from dramatiq.encoder import Encoder

from domain.wakeup import (
    BROKER_NAMESPACE,
    PROBE_KEY,
    PROBE_LIVES_MS,
    Lane,
    actor_name,
    batches,
    queue_name,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dramatiq import Middleware
    from dramatiq.encoder import MessageData

SOCKET_TIMEOUT_S = 2.0
CONNECT_TIMEOUT_S = 1.0
"""Longest wait for Redis; work goes on without it."""

MAINTENANCE_CHANCE = 50_000
"""Of a million commands, how many look for messages that a dead worker held."""

DISCARD_ACTOR = "discard"
"""Receives what could not be decoded, so that it strands nothing behind it."""


class DoorbellRedis(redis.Redis):
    """A client whose every outage looks like a lost connection.

    Dramatiq's consumer threads survive a ConnectionError and nothing else: a timeout, a replica
    that is read-only and a full memory would each end the thread and leave the process deaf.
    """

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """Run a command. Raises redis.ConnectionError for whatever may pass by itself."""
        try:
            return super().execute_command(*args, **options)  # type: ignore[no-untyped-call]
        except (
            redis.TimeoutError,
            redis.exceptions.ReadOnlyError,
            redis.exceptions.OutOfMemoryError,
            redis.exceptions.BusyLoadingError,
        ) as error:
            raise redis.ConnectionError(str(error)) from error


def connect(url: str) -> DoorbellRedis:
    """Return a client; it connects when it is first used, and again whenever it must."""
    pool = redis.ConnectionPool.from_url(
        url, socket_timeout=SOCKET_TIMEOUT_S, socket_connect_timeout=CONNECT_TIMEOUT_S
    )
    return DoorbellRedis(connection_pool=pool)


class TolerantEncoder(Encoder):
    """JSON; whatever is no message of ours decodes to one that is discarded.

    An exception here would end the consumer's loop and strand the good messages fetched with the
    bad one.
    """

    def encode(self, data: MessageData) -> bytes:
        """Write a message."""
        return json.dumps(data, separators=(",", ":")).encode()

    def decode(self, data: bytes) -> MessageData:
        """Read a message; never raises."""
        try:
            message = json.loads(data)
        except (ValueError, RecursionError):
            return _discarded()
        return message if _is_ours(message) else _discarded()


def _is_ours(message: object) -> bool:
    if not isinstance(message, dict):
        return False
    shape = {"queue_name": str, "actor_name": str, "args": list, "kwargs": dict, "options": dict}
    return (
        all(isinstance(message.get(name), kind) for name, kind in shape.items())
        and isinstance(message.get("message_id"), str)
        and isinstance(message.get("message_timestamp"), int)
        and isinstance(message["options"].get("redis_message_id"), str)
        and set(message) == {*shape, "message_id", "message_timestamp"}
    )


def _discarded() -> MessageData:
    return {
        "queue_name": queue_name(Lane.EVENTS),
        "actor_name": DISCARD_ACTOR,
        "args": [],
        "kwargs": {},
        "options": {"redis_message_id": "undecodable"},
        "message_id": "undecodable",
        "message_timestamp": 0,
    }


class TolerantConsumer(Consumer):
    """Gives out messages of this very queue that are just to be done now; discards all others.

    A message that names another queue would end the worker thread that has done it, and one with a
    date in the future would take up a place among those fetched until that date.
    """

    def __init__(self, inner: Consumer, queue: str) -> None:
        self._inner = inner
        self._queue = queue

    def ack(self, message: MessageProxy) -> None:
        """Pass on."""
        self._inner.ack(message)

    def nack(self, message: MessageProxy) -> None:
        """Pass on."""
        self._inner.nack(message)

    def requeue(self, messages: Iterable[MessageProxy]) -> None:
        """Pass on."""
        self._inner.requeue(messages)

    def close(self) -> None:
        """Pass on."""
        self._inner.close()

    def __next__(self) -> MessageProxy | None:
        """Return the next message, or None when none came in time."""
        message = next(self._inner)
        if message is None or self._is_plain(message):
            return message
        note = {**_discarded(), "queue_name": self._queue, "message_id": message.message_id}
        note["options"] = {"redis_message_id": message.options["redis_message_id"]}
        return MessageProxy(dramatiq.Message(**note))

    def _is_plain(self, message: MessageProxy) -> bool:
        return message.queue_name == self._queue and set(message.options) == {"redis_message_id"}


class DoorbellBroker(RedisBroker):
    """A broker without delays, whose consumers let nothing through that could harm a thread."""

    def declare_queue(self, queue_name: str) -> None:
        """Declare the queue, and none for delayed messages: nothing of ours is ever delayed."""
        if queue_name not in self.queues:
            self.emit_before("declare_queue", queue_name)
            self.queues.add(queue_name)
            self.emit_after("declare_queue", queue_name)

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 5000) -> Consumer:
        """Return a consumer of the queue."""
        return TolerantConsumer(super().consume(queue_name, prefetch, timeout), queue_name)


def make_broker(url: str, *middleware: Middleware) -> RedisBroker:
    """Return a broker that knows the queues of all lanes; nothing is connected yet."""
    dramatiq.set_encoder(TolerantEncoder())
    return DoorbellBroker(  # type: ignore[no-untyped-call]
        client=connect(url),
        namespace=BROKER_NAMESPACE,
        middleware=list(middleware),
        maintenance_chance=MAINTENANCE_CHANCE,
    )


def ring(broker: RedisBroker, lane: Lane, event_ids: Sequence[int], *, alone: bool = False) -> None:
    """Wake the workers of a lane; `alone` gives every event a message of its own.

    Raises dramatiq.BrokerConnectionError or redis.RedisError when the broker is away: nothing is
    lost by that, the work rows stay.
    """
    broker.declare_queue(queue_name(lane))
    for batch in [[event_id] for event_id in event_ids] if alone else batches(event_ids):
        broker.enqueue(
            dramatiq.Message(
                queue_name=queue_name(lane),
                actor_name=actor_name(lane),
                args=(batch,),
                kwargs={"alone": True} if alone else {},
                options={},
            )
        )


def probe(client: redis.Redis) -> None:
    """Write something that is soon gone. Raises redis.RedisError when Redis takes no message.

    One that is full, read-only or forbids us to write answers a PING, and rings for nobody.
    """
    client.set(PROBE_KEY, b"", px=PROBE_LIVES_MS)


def waiting_messages(broker: RedisBroker, lane: Lane) -> int:
    """Return how many messages wait in the lane's queue."""
    length: int = broker.client.llen(f"{BROKER_NAMESPACE}:{queue_name(lane)}")
    return length
