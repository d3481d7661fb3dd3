"""Real worker and relay processes, killed, starved and poisoned."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import redis

from domain.wakeup import Lane
from tests.workers.processes import RELAY, WORKER, Process, landmines, supervised
from tests.workers.scene import body, capture, wait_until
from workers.broker import make_broker, ring
from workers.watchdog import EXIT_CODE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.local.valkey import Valkey
    from tests.workers.scene import Scene

NOWHERE = "unix:///nowhere/valkey.sock"

LOSE_A_CONSUMER = """
import ctypes, sys, threading, time
from dramatiq.worker import ConsumerThread
from workers.__main__ import main

def kill():
    while True:
        for thread in threading.enumerate():
            if isinstance(thread, ConsumerThread) and thread.consumer is not None:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(
                    ctypes.c_ulong(thread.ident), ctypes.py_object(SystemExit))
                return
        time.sleep(0.01)

threading.Thread(target=kill, daemon=True).start()
sys.exit(main())
"""
"""The worker process, in which a consumer thread dies of an exception that nobody catches."""


def ring_for(redis_url: str, *event_ids: int) -> None:
    broker = make_broker(redis_url)
    ring(broker, Lane.EVENTS, event_ids)
    broker.client.close()


def hurry(scene: Scene) -> None:
    """Let everything that waits for its time be due."""
    scene.execute("UPDATE inbound_work SET next_at = now() WHERE next_at > now()")


def test_a_worker_that_has_gone_deaf_ends_with_code_70(scene: Scene, redis_url: str) -> None:
    """Defect C: the process would stay up, its supervisor content, and nothing would happen."""
    with Process(("-c", LOSE_A_CONSUMER), scene.url, redis_url) as worker:
        assert worker.popen.wait(30) == EXIT_CODE
        assert '"worker.deaf"' in worker.said()


def test_a_worker_without_redis_works_and_ends_well_when_asked_to_stop(scene: Scene) -> None:
    scene.receive(body("x", None))
    with Process(WORKER, scene.url, NOWHERE) as worker:
        wait_until(lambda: not scene.owed())

        assert worker.terminate() == 0
        assert "Traceback" not in worker.said()


def test_a_batch_whose_worker_was_killed_is_done_by_the_next(scene: Scene, redis_url: str) -> None:
    scene.announce("p1", "p2")
    events = [scene.receive(capture("p1")), scene.receive(capture("p2"))]
    with psycopg.connect(scene.url) as other, Process(WORKER, scene.url, redis_url) as worker:
        other.execute("SELECT FROM payment_logs WHERE reference = 'p2' FOR UPDATE")
        ring_for(redis_url, *events)
        wait_until(
            lambda: scene.rows(
                "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                " AND application_name = 'payratchet worker' AND datname = current_database()"
            )
        )
        worker.kill()
        half_done = (scene.credit(), scene.value("SELECT count(*) FROM payment_facts"))
    hurry(scene)

    with (
        Process(RELAY, scene.url, redis_url),
        Process(WORKER, scene.url, redis_url),
    ):
        wait_until(lambda: not scene.owed())

    assert half_done == (0, 0)
    assert (scene.credit(), scene.top_ups()) == (2_000, 2)
    assert [scene.attempts(each) for each in events] == [[(1, "crashed", "WorkerDied")]] * 2
    assert scene.value("SELECT count(*) FROM claims") == 0


def test_two_relays_ring_for_what_redis_has_forgotten(scene: Scene, redis_url: str) -> None:
    """One of the events is in quarantine, where it turns out to be harmless."""
    references = [f"p{number}" for number in range(50)]
    scene.announce(*references)
    events = [scene.receive(capture(reference)) for reference in references]
    scene.execute("UPDATE inbound_work SET lane = 'quarantine' WHERE event_id = %s", [events[0]])
    ring_for(redis_url, *events[1:])
    with redis.Redis.from_url(redis_url) as client:
        client.flushdb()
    hurry(scene)

    with (
        Process(RELAY, scene.url, redis_url) as one,
        Process(RELAY, scene.url, redis_url) as two,
        Process(WORKER, scene.url, redis_url) as worker,
    ):
        wait_until(lambda: not scene.owed())
        processes = (one, two, worker)
        assert [each.terminate() for each in processes] == [0, 0, 0]
        assert "error" not in "".join(each.said() for each in processes)

    assert (scene.credit(), scene.top_ups()) == (50_000, 50)


def poison_among(scene: Scene) -> tuple[int, list[int]]:
    """Receive an event that kills whoever reads it, between two good ones."""
    scene.announce("p1", "p2")
    first = scene.receive(capture("p1"))
    poison = scene.receive(capture("p9"), source="landmine")
    return poison, [first, scene.receive(capture("p2"))]


def check_defused(scene: Scene, poison: int, *, crashes: Sequence[int]) -> None:
    """`crashes` are the numbers of crashes that are as they should be."""
    assert (scene.credit(), scene.top_ups()) == (2_000, 2)
    assert scene.letters() == [(poison, "crash_loop", "open")]
    attempts = scene.attempts(poison)
    *before, last = (outcome for _, outcome, _ in attempts)
    assert set(before) == {"crashed"}
    assert len(before) in crashes
    assert last == "dead"
    assert attempts[-1][2] == "CrashLoop"
    assert "ended with 9" in scene.value("SELECT message FROM dead_letters")


def test_an_event_that_kills_every_worker_ends_as_a_crash_loop_and_its_neighbours_pass(
    scene: Scene, redis_url: str
) -> None:
    poison, good = poison_among(scene)
    ring_for(redis_url, good[0], poison, good[1])

    with (
        landmines() as path,
        Process(RELAY, scene.url, redis_url),
        supervised(Process(WORKER, scene.url, redis_url, path=path)),
    ):
        wait_until(lambda: not scene.owed())

    check_defused(scene, poison, crashes=[4])


def test_an_event_that_kills_every_worker_ends_as_a_crash_loop_without_redis_too(
    scene: Scene, own_valkey: Valkey
) -> None:
    """Here the batch has killed twice already, which only saves this test some time.

    A worker takes what nobody was rung for: it may do so once more before the crash of the one
    before it is counted.
    """
    poison, _ = poison_among(scene)
    scene.execute("UPDATE inbound_work SET crashes = 2")
    own_valkey.kill()

    with (
        landmines() as path,
        Process(RELAY, scene.url, own_valkey.url),
        supervised(Process(WORKER, scene.url, own_valkey.url, path=path)),
    ):
        wait_until(lambda: not scene.owed())

    check_defused(scene, poison, crashes=[2, 3])


def test_a_store_that_is_away_for_a_while_stops_no_worker_and_no_relay(
    scene: Scene, redis_url: str
) -> None:
    """Every session is ended, again and again, as when Postgres restarts or fails over."""
    references = [f"p{number}" for number in range(100)]
    scene.announce(*references)
    with (
        Process(RELAY, scene.url, redis_url) as relay,
        Process(WORKER, scene.url, redis_url) as worker,
    ):
        for reference in references:
            ring_for(redis_url, scene.receive(capture(reference)))
            scene.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND application_name ~ '^payratchet'"
                " AND random() < 0.3"
            )

        def done() -> bool:
            hurry(scene)
            return not scene.owed()

        wait_until(done)
        assert [relay.popen.poll(), worker.popen.poll()] == [None, None]

    assert (scene.credit(), scene.top_ups()) == (100_000, 100)
    assert scene.letters() == []
