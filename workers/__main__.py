"""The worker process: `python -m workers`.

One Dramatiq worker for each lane, with a broker and a thread of its own, so that a slow lane delays
no other; threads that apply events, as many in one transaction as wait; threads that call
providers; a claimer for when Redis is away; and a watchdog over all of them.
"""

from __future__ import annotations

import gc
import signal
import sys
import threading
import time
from functools import partial
from typing import TYPE_CHECKING

import dramatiq
import redis
import structlog
from dramatiq.worker import Worker

from domain.wakeup import Lane, queue_name
from workers import actors, logging, readiness
from workers.actors import Take, answer
from workers.broker import connect, make_broker
from workers.calling.batches import Batches
from workers.calling.perform import perform
from workers.calling.pool import CallPool, rooms_of
from workers.clients.registry import Clients
from workers.database import Database
from workers.direct import DirectClaimer
from workers.gathering import Gathering
from workers.life import Life, fresh_name
from workers.lock import Locks
from workers.settings import CallSettings, WorkerSettings, load
from workers.starting import require_fit, warn_of_eviction
from workers.telling import Teller, nobody
from workers.watchdog import STOP_S_MAX, Watchdog, end_within, watched_until

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workers.telling import Tell

log = structlog.get_logger()

IDLE_POLL_MS = 20
CALLS_IDLE_POLL_MS = 50
SMALL_LANE_IDLE_POLL_MS = 250
"""Longest that an idle consumer sleeps before it looks for a message again."""

IDLE_POLLS_MS = {Lane.EVENTS: IDLE_POLL_MS, Lane.CALLS: CALLS_IDLE_POLL_MS}

STOP_WITHIN_MS = 8_000
"""Longest that a stopping worker waits for the batches in hand."""

LANE_THREADS = 1
"""Threads of a lane's own: events are only handed on, and nobody waits for the other lanes."""

GC_THRESHOLD = 50_000
"""Objects between two collections: a batch makes many and leaves hardly any cycles."""


def gather(
    settings: WorkerSettings, database: Database, *, worker: str, tell: Tell = nobody
) -> Gathering:
    """Start the threads that apply events; return what they take their work from."""
    gathering = Gathering(
        partial(answer, database, Lane.EVENTS, worker=worker, tell=tell),
        threads=settings.worker_threads,
        end=database.close,
    )
    gathering.start()
    return gathering


def make_pool(
    settings: WorkerSettings, calls: CallSettings, database: Database, *, worker: str, tell: Tell
) -> CallPool:
    """Start the threads that call providers; return what they take their work from."""
    locks, clients = Locks(connect(settings.redis_url), owner=worker), Clients(calls)
    rooms = rooms_of(calls.call_threads)
    batches = Batches(database, clients, locks, worker=worker, tell=tell, rooms=rooms)
    pool = CallPool(
        lambda event_id: perform(
            *(database, clients, locks, event_id),
            worker=worker,
            tell=tell,
            batches=batches,
        ),
        threads=calls.call_threads,
        end=database.close,
        rooms=rooms,
        batches=batches.threads,
    )
    pool.start()
    return pool


def start(
    settings: WorkerSettings,
    database: Database,
    gathering: Gathering,
    pool: CallPool,
    *,
    worker: str,
    tell: Tell = nobody,
) -> list[Worker]:
    """Start a worker for each lane; return them."""

    def at_once(lane: Lane) -> Take:
        def take(event_ids: list[int], *, alone: bool) -> None:
            del alone
            answer(database, lane, event_ids, worker=worker, tell=tell)

        return take

    takes: dict[Lane, Take] = {
        Lane.EVENTS: gathering.put,
        Lane.CALLS: pool.put,
        Lane.REPLAY: at_once(Lane.REPLAY),
        Lane.QUARANTINE: at_once(Lane.QUARANTINE),
    }
    started = []
    for lane, take in takes.items():
        broker = make_broker(settings.redis_url, actors.Farewell(database))
        actors.declare(broker, lane, take)
        lane_worker = Worker(
            broker,
            queues={queue_name(lane)},
            worker_timeout=IDLE_POLLS_MS.get(lane, SMALL_LANE_IDLE_POLL_MS),
            worker_threads=LANE_THREADS,
        )
        lane_worker.start()
        started.append(lane_worker)
    return started


def stop(lanes: list[Worker]) -> None:
    """Stop all lanes at once, each after the batch it has in hand."""
    stopping = [threading.Thread(target=_stop_lane, args=(lane,)) for lane in lanes]
    for thread in stopping:
        thread.start()
    for thread in stopping:
        thread.join()


def _stop_lane(lane: Worker) -> None:
    """Stop one lane. What it had fetched goes back to the queue, or, without Redis, nowhere."""
    try:
        lane.stop(timeout=STOP_WITHIN_MS)
    except (redis.RedisError, dramatiq.BrokerConnectionError) as error:
        log.warning("doorbell.silent", error_class=type(error).__name__)


def _finish(lanes: list[Worker], parts: Sequence[Gathering | CallPool | DirectClaimer]) -> None:
    """Stop all parts at once, each after what it has in hand."""
    ends_s = time.monotonic() + STOP_WITHIN_MS / 1000
    for part in parts:
        part.stop()
    stop(lanes)
    for part in parts:
        part.join(max(0.0, ends_s - time.monotonic()))


def _told_to_stop() -> threading.Event:
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    return stopping


def _spare_the_collector() -> None:
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD)


def main() -> int:
    """Run until SIGTERM or SIGINT; finish what is in hand, and leave the rest to others."""
    logging.configure("worker")
    settings, calls = load(WorkerSettings), load(CallSettings)
    worker = fresh_name()
    database = Database(settings.database_url, name="payratchet worker", generic_plans=True)
    require_fit(database, settings)
    warn_of_eviction(settings.redis_url)
    stopping = _told_to_stop()
    _spare_the_collector()
    teller = Teller(connect(settings.redis_url))
    teller.start()
    life = Life(database, worker=worker, on_begun=readiness.tell)
    life.start()
    gathering = gather(settings, database, worker=worker, tell=teller.tell)
    pool = make_pool(settings, calls, database, worker=worker, tell=teller.tell)
    lanes = start(settings, database, gathering, pool, worker=worker, tell=teller.tell)
    claimer = DirectClaimer(
        connect(settings.redis_url), database, worker=worker, call=pool.offer, tell=teller.tell
    )
    claimer.start()
    watchdog = Watchdog(lanes, [life, claimer, teller, *gathering.threads, *pool.threads])
    watchdog.start()
    log.info("worker.started", worker=worker)
    watched_until(stopping, watchdog)

    end_within(STOP_S_MAX)
    watchdog.stop()
    _finish(lanes, (gathering, pool, claimer))
    teller.stop()
    life.stop()
    log.info("worker.stopped", worker=worker)
    return 0


if __name__ == "__main__":
    sys.exit(main())
