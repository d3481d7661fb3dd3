from __future__ import annotations

import queue
from typing import TYPE_CHECKING

import dramatiq
from dramatiq.brokers.redis import RedisBroker

from domain.wakeup import BROKER_NAMESPACE, Lane, actor_name, queue_name
from ingress import doorbell
from ingress.doorbell import Doorbell
from tests.ingress.serving import charge, until

if TYPE_CHECKING:
    from tests.ingress.serving import Door


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
