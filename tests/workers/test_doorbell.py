"""The doorbell may be silent, mangled, restarted, full or forgetful: no event is lost by it.

Here run the threads of a worker process, in this process, with a real Valkey.
"""

from __future__ import annotations

import contextlib
import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest
import redis

from domain.wakeup import BROKER_NAMESPACE, Lane, actor_name, queue_name
from tests.workers.scene import capture, wait_until
from workers import sweeps
from workers.__main__ import start, stop
from workers.broker import connect, make_broker, ring
from workers.direct import DirectClaimer
from workers.settings import WorkerSettings
from workers.watchdog import Watchdog

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dramatiq.worker import Worker

    from tests.local.valkey import Valkey
    from tests.workers.scene import Scene

GOOD = 20
FAR_FUTURE_MS = 4_102_444_800_000


@contextlib.contextmanager
def working(scene: Scene, redis_url: str) -> Iterator[list[Worker]]:
    """Run all lanes of a worker; every thread must have lived to the end."""
    settings = WorkerSettings(database_url=scene.url, redis_url=redis_url)
    lanes = start(settings, scene.database, worker="here")
    try:
        yield lanes
        assert Watchdog(lanes).dead_threads() == []
    finally:
        stop(lanes)


@contextlib.contextmanager
def claiming(scene: Scene, redis_url: str) -> Iterator[DirectClaimer]:
    claimer = DirectClaimer(connect(redis_url), scene.database, worker="claimer")
    claimer.start()
    try:
        yield claimer
        assert claimer.is_alive()
    finally:
        claimer.stop()
        claimer.join()


def ring_for(redis_url: str, *event_ids: int, lane: Lane = Lane.EVENTS) -> None:
    broker = make_broker(redis_url)
    ring(broker, lane, event_ids, alone=True)
    broker.client.close()


def sweep_until_done(scene: Scene, redis_url: str) -> None:
    """Do as the relay does until nothing is owed; the waits between are cut short."""
    broker = make_broker(redis_url)

    def done() -> bool:
        scene.execute("UPDATE inbound_work SET next_at = now() WHERE enqueues = 0")
        with contextlib.suppress(redis.ConnectionError):
            sweeps.ring_due(scene.database, broker)
        return not scene.owed()

    wait_until(done)
    broker.client.close()


def announced_captures(scene: Scene, count: int, *, lane: str = "events") -> list[int]:
    references = [f"p{number}" for number in range(count)]
    scene.announce(*references)
    return [scene.receive(capture(reference), lane=lane) for reference in references]


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


def test_a_retry_outlives_the_death_of_redis(scene: Scene, own_valkey: Valkey) -> None:
    """Defect A: a retry that Dramatiq cannot enqueue is lost; ours is a row in Postgres."""
    [event_id] = announced_captures(scene, 1)
    scene.break_for("p0", "PERFORM pg_sleep(0.5); RAISE EXCEPTION 'broken'")
    with working(scene, own_valkey.url):
        ring_for(own_valkey.url, event_id)
        wait_until(lambda: scene.value("SELECT count(*) FROM claims"))
        own_valkey.kill()
        wait_until(lambda: scene.attempts(event_id))
        scene.mend()

        own_valkey.start()
        sweep_until_done(scene, own_valkey.url)

    assert scene.attempts(event_id) == [(1, "retry", "RaiseException")]
    assert scene.credit() == 1_000


def test_a_restart_of_redis_strands_nothing(scene: Scene, own_valkey: Valkey) -> None:
    """Defect B: what a consumer had in memory is forgotten by it, and held by nobody else."""
    events = announced_captures(scene, 3 * GOOD)
    with working(scene, own_valkey.url):
        ring_for(own_valkey.url, *events)
        own_valkey.kill()
        own_valkey.start()

        sweep_until_done(scene, own_valkey.url)

    assert scene.credit() == 3_000 * GOOD


def test_a_pause_longer_than_the_socket_timeout_ends_no_thread(
    scene: Scene, own_valkey: Valkey
) -> None:
    """Defect C: redis.TimeoutError is no ConnectionError, and used to end the consumer."""
    first, second = announced_captures(scene, 2)
    with working(scene, own_valkey.url), redis.Redis.from_url(own_valkey.url) as client:
        ring_for(own_valkey.url, first)
        wait_until(lambda: scene.owed() == [second])
        client.execute_command("CLIENT", "PAUSE", "2500", "ALL")
        client.ping()
        ring_for(own_valkey.url, second)

        wait_until(lambda: not scene.owed())


def test_everything_forgotten_by_redis_is_rung_for_again(scene: Scene, redis_url: str) -> None:
    events = announced_captures(scene, GOOD)
    ring_for(redis_url, *events)
    with redis.Redis.from_url(redis_url) as client:
        client.flushdb()

    with working(scene, redis_url):
        sweep_until_done(scene, redis_url)

    assert scene.credit() == 1_000 * GOOD


def test_without_redis_workers_claim_from_postgres_until_it_is_back(
    scene: Scene, own_valkey: Valkey
) -> None:
    _, second, third = announced_captures(scene, 3)
    scene.execute("UPDATE inbound_work SET lane = 'replay' WHERE event_id = %s", [second])
    scene.execute("UPDATE inbound_work SET next_at = now() + interval '1 h' WHERE event_id = %s",
                  [third])  # fmt: skip
    scene.execute("UPDATE inbound_work SET attempts = 1 WHERE event_id = %s", [third])
    own_valkey.kill()
    with claiming(scene, own_valkey.url) as claimer:
        wait_until(lambda: scene.owed() == [third])

        own_valkey.start()
        wait_until(lambda: not claimer.is_claiming)
        scene.execute("UPDATE inbound_work SET attempts = 0")
        with working(scene, own_valkey.url):
            assert scene.owed() == [third]
            ring_for(own_valkey.url, third)
            wait_until(lambda: not scene.owed())


def test_a_redis_that_answers_and_can_take_nothing_counts_as_away(
    scene: Scene, own_valkey: Valkey
) -> None:
    """Full, it still answers PING; but nobody can ring, and nobody can fetch what was rung."""
    announced_captures(scene, 2)
    with redis.Redis.from_url(own_valkey.url) as client:
        client.config_set("maxmemory", 1)

    with claiming(scene, own_valkey.url):
        wait_until(lambda: not scene.owed())


def test_events_that_crashed_too_often_are_claimed_from_postgres_one_by_one(
    scene: Scene, own_valkey: Valkey
) -> None:
    """Else one that kills would take the same neighbours with it for as long as Redis is away."""
    crashed = announced_captures(scene, 3)
    scene.execute("UPDATE inbound_work SET crashes = 3")
    good = [scene.receive(capture("p9")) for _ in range(2)]
    scene.execute("""
        CREATE TABLE claimed (event_ids bigint[]);
        CREATE FUNCTION note_claim() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN INSERT INTO claimed VALUES (NEW.event_ids); RETURN NEW; END $$;
        CREATE TRIGGER note_claim AFTER INSERT ON claims
            FOR EACH ROW EXECUTE FUNCTION note_claim();
    """)
    own_valkey.kill()

    with claiming(scene, own_valkey.url):
        wait_until(lambda: not scene.owed())

    batches = [row[0] for row in scene.rows("SELECT event_ids FROM claimed")]
    assert sorted(batches) == [[each] for each in crashed] + [good]
