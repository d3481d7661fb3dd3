from __future__ import annotations

import queue
import time
from typing import TYPE_CHECKING

import dramatiq
import redis
from dramatiq.brokers.redis import RedisBroker

from domain.wakeup import BROKER_NAMESPACE, Lane, actor_name, queue_name
from ingress import doorbell
from ingress.doorbell import Doorbell
from tests.ingress.serving import charge, until

if TYPE_CHECKING:
    from tests.ingress.serving import Door

FLOOD_S = 0.4
TRIES = 5


def test_a_worker_hears_of_every_event_and_of_unfinished_ones_again(
    door: Door, redis_url: str
) -> None:
    heard: queue.Queue[int] = queue.Queue()
    broker = RedisBroker(  # type: ignore[no-untyped-call]
        url=redis_url, namespace=BROKER_NAMESPACE, middleware=[]
    )

    @dramatiq.actor(
        broker=broker, actor_name=actor_name(Lane.EVENTS), queue_name=queue_name(Lane.EVENTS)
    )
    def apply(event_ids: list[int]) -> None:
        for event_id in event_ids:
            heard.put(event_id)

    assert apply.queue_name == queue_name(Lane.EVENTS)
    worker = dramatiq.Worker(broker, worker_threads=1, worker_timeout=20)
    worker.start()
    try:
        sent = {int(door.post(charge(number)).json["event_id"]) for number in range(20)}
        assert {heard.get(timeout=5) for _ in sent} == sent

        again = int(door.post(charge(3)).json["event_id"])
        assert heard.get(timeout=5) == again

        door.rows("DELETE FROM inbound_work RETURNING 1")
        door.post(charge(3))
        last = int(door.post(charge(99)).json["event_id"])
        assert heard.get(timeout=5) == last
    finally:
        worker.stop()
        broker.close()


def test_a_ring_that_finds_no_room_is_dropped_and_counted(redis_url: str) -> None:
    bell = Doorbell(redis_url)

    bell.ring(Lane.EVENTS, list(range(doorbell.IDS_WAITING_MAX)))
    bell.ring(Lane.EVENTS, [1, 2, 3])

    assert bell.lost == 3
    bell.close()


def test_what_waits_is_rung_before_the_end_and_silence_is_noticed(redis_url: str) -> None:
    bell = Doorbell("redis://127.0.0.1:1/0")
    bell.start()
    bell.ring(Lane.EVENTS, [1])
    until(lambda: bell.is_silent)
    assert bell.lost == 1

    bell.close()
    other = Doorbell(redis_url)
    other.start()
    other.ring(Lane.EVENTS, [2])
    other.close()
    broker = RedisBroker(  # type: ignore[no-untyped-call]
        url=redis_url, namespace=BROKER_NAMESPACE, middleware=[]
    )
    assert broker.do_qsize(queue_name(Lane.EVENTS)) == 1
    broker.close()


def test_in_a_flood_ids_wait_until_a_message_is_worth_its_price(redis_url: str) -> None:
    bell = Doorbell(redis_url)
    bell.start()
    rings = 0
    began_s = time.monotonic()
    while time.monotonic() - began_s < FLOOD_S:
        bell.ring(Lane.EVENTS, list(range(doorbell.FLOOD_IDS)))
        rings += 1
        time.sleep(doorbell.LINGER_S / 2)
    bell.close()
    took_s = time.monotonic() - began_s

    messages, ids = _waiting(redis_url)
    assert ids == rings * doorbell.FLOOD_IDS
    assert messages <= 2 + took_s / (doorbell.LINGER_S + doorbell.FLOOD_LINGER_S) < rings


def test_without_a_flood_ids_are_sent_after_a_short_wait(redis_url: str) -> None:
    bell = Doorbell(redis_url)
    bell.start()
    took_s = []
    for sent in range(1, TRIES + 1):
        began_s = time.monotonic()
        bell.ring(Lane.EVENTS, list(range(doorbell.FLOOD_IDS - 1)))
        until(lambda sent=sent: _waiting(redis_url)[0] == sent)
        took_s.append(time.monotonic() - began_s)
    bell.close()

    assert min(took_s) < doorbell.LINGER_S + doorbell.FLOOD_LINGER_S


def _waiting(redis_url: str) -> tuple[int, int]:
    """Return how many messages wait, and how many ids are in them."""
    key = f"{BROKER_NAMESPACE}:{queue_name(Lane.EVENTS)}.msgs"
    with redis.Redis.from_url(redis_url) as client:
        bodies = client.hvals(key)
    messages = [dramatiq.Message.decode(body) for body in bodies]
    return len(messages), sum(len(message.args[0]) for message in messages)
