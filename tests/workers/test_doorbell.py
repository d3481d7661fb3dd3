"""The doorbell may be silent, restarted, full or forgetful: no event is lost by it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest
import redis

from tests.workers.ringing import announced_captures, ring_for, working
from tests.workers.scene import capture, wait_until
from workers import sweeps
from workers.broker import connect, make_broker
from workers.direct import DirectClaimer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.local.valkey import Valkey
    from tests.workers.scene import Scene


GOOD = 20


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
        client.execute_command("CLIENT", "PAUSE", "3500", "ALL")
        with connect(own_valkey.url) as hardened, pytest.raises(redis.ConnectionError):
            hardened.get("anything")
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
