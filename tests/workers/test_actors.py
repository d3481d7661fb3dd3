"""What is rung for arrives as it was meant."""

from __future__ import annotations

from dramatiq.worker import Worker

from domain.wakeup import Lane, queue_name
from tests.workers.scene import wait_until
from workers import actors
from workers.broker import make_broker, ring

POLL_MS = 20


def test_what_is_rung_alone_is_taken_alone(redis_url: str) -> None:
    taken: list[tuple[list[int], bool]] = []

    def take(event_ids: list[int], *, alone: bool) -> None:
        taken.append((event_ids, alone))

    broker = make_broker(redis_url)
    actors.declare(broker, Lane.EVENTS, take)
    ring(broker, Lane.EVENTS, [1, 2])
    ring(broker, Lane.EVENTS, [3, 4], alone=True)
    worker = Worker(
        broker,
        queues={queue_name(Lane.EVENTS)},
        worker_timeout=POLL_MS,
        worker_threads=1,
    )
    worker.start()
    wait_until(lambda: len(taken) == 3)
    worker.stop()
    broker.client.close()

    assert sorted(taken) == [([1, 2], False), ([3], True), ([4], True)]
