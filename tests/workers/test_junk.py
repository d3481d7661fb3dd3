"""Whatever lies in the queue, the good messages behind it are done."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest
import redis

from domain.wakeup import BROKER_NAMESPACE, Lane, actor_name, queue_name
from tests.workers.ringing import announced_captures, ring_for, working
from tests.workers.scene import wait_until

if TYPE_CHECKING:
    from tests.workers.scene import Scene


GOOD = 20

FAR_FUTURE_MS = 4_102_444_800_000


def message(lane: Lane, **changes: Any) -> dict[str, Any]:
    """Return a message of ours, as it lies in Redis, with something changed."""
    return {
        "queue_name": queue_name(lane),
        "actor_name": actor_name(lane),
        "args": [[0]],
        "kwargs": {},
        "options": {"redis_message_id": str(uuid.uuid4())},
        "message_id": str(uuid.uuid4()),
        "message_timestamp": 0,
        **changes,
    }


def junk(lane: Lane) -> list[bytes]:
    """Return what is no message of ours: bytes, shapes and fields that could each do harm."""
    shapes: list[object] = [
        None,
        [],
        {},
        5,
        "text",
        {"message_id": "m"},
        message(lane, args=5),
        message(lane, args=[5]),
        message(lane, args=[]),
        message(lane, args=[[1], [2]]),
        message(lane, args=[["one", None, True, 2**80, -1]]),
        message(lane, kwargs={"event_ids": [1]}),
        message(lane, kwargs=[]),
        message(lane, options={}),
        message(lane, options=None),
        message(lane, options={"redis_message_id": {"a": 1}}),
        message(lane, message_id=7),
        message(lane, message_id={}),
        message(lane, message_timestamp="now"),
        message(lane, actor_name="rm_rf"),
        message(lane, actor_name=None),
        message(lane, queue_name="elsewhere"),
        message(lane, queue_name=queue_name(Lane.QUARANTINE)),
        message(lane, queue_name=f"{queue_name(lane)}.DQ"),
        message(lane, extra=1),
        *[
            message(lane, options={"redis_message_id": str(number), "eta": FAR_FUTURE_MS})
            for number in range(GOOD)
        ],
        message(lane, options={"redis_message_id": "e", "eta": "soon"}),
    ]
    encoded = [json.dumps(shape).encode() for shape in shapes]
    return [b"", b"junk", b"\xff\xfe", b"[" * 100_000, b"NaN", *encoded]


def push(client: redis.Redis, lane: Lane, data: bytes | None) -> None:
    """Put raw bytes into a queue, or an id that stands for nothing."""
    message_id = str(uuid.uuid4())
    queue = f"{BROKER_NAMESPACE}:{queue_name(lane)}"
    if data is not None:
        client.hset(f"{queue}.msgs", message_id, data)
    client.rpush(queue, message_id)


@pytest.mark.parametrize("lane", [Lane.EVENTS, Lane.REPLAY])
def test_messages_that_are_none_strand_nothing_behind_them(
    scene: Scene, redis_url: str, lane: Lane
) -> None:
    """Junk lies before, between and behind good messages; nobody rings again for those."""
    events = announced_captures(scene, GOOD, lane=lane)
    with redis.Redis.from_url(redis_url) as client:
        for number, data in enumerate([*junk(lane), None]):
            push(client, lane, data)
            if number < GOOD:
                ring_for(redis_url, events[number], lane=lane)

    with working(scene, redis_url):
        wait_until(lambda: not scene.owed())

    assert scene.credit() == 1_000 * GOOD


def test_a_queue_of_the_wrong_type_is_survived(scene: Scene, redis_url: str) -> None:
    [event_id] = announced_captures(scene, 1)
    queue = f"{BROKER_NAMESPACE}:{queue_name(Lane.EVENTS)}"
    with redis.Redis.from_url(redis_url) as client, working(scene, redis_url):
        client.set(queue, "a text")
        wait_until(lambda: client.get(queue) == b"a text")
        client.delete(queue)
        ring_for(redis_url, event_id)

        wait_until(lambda: not scene.owed())
