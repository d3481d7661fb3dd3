"""The threads of a worker process, in this process, and how to ring for them."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from domain.wakeup import Lane
from tests.workers.scene import capture
from workers.__main__ import gather, make_pool, start, stop
from workers.broker import make_broker, ring
from workers.settings import CallSettings, WorkerSettings
from workers.telling import nobody
from workers.watchdog import Watchdog

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dramatiq.worker import Worker

    from tests.workers.scene import Scene

STOP_WITHIN_S = 10.0


@contextlib.contextmanager
def working(scene: Scene, redis_url: str) -> Iterator[list[Worker]]:
    """Run all lanes of a worker; every thread must have lived to the end."""
    settings = WorkerSettings(database_url=scene.url, redis_url=redis_url)
    gathering = gather(settings, scene.database, worker="here")
    calls = CallSettings(call_threads=2)
    pool = make_pool(settings, calls, scene.database, worker="here", tell=nobody)
    lanes = start(settings, scene.database, gathering, pool, worker="here")
    try:
        yield lanes
        assert Watchdog(lanes, [*gathering.threads, *pool.threads]).dead_threads() == []
    finally:
        stop(lanes)
        for part in (gathering, pool):
            part.stop()
            part.join(STOP_WITHIN_S)


def ring_for(redis_url: str, *event_ids: int, lane: Lane = Lane.EVENTS) -> None:
    broker = make_broker(redis_url)
    ring(broker, lane, event_ids, alone=True)
    broker.client.close()


def announced_captures(scene: Scene, count: int, *, lane: str = "events") -> list[int]:
    references = [f"p{number}" for number in range(count)]
    scene.announce(*references)
    return [scene.receive(capture(reference), lane=lane) for reference in references]
