"""A store that goes away, is full of others or takes no writes costs no event anything."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import psycopg
import pytest

from domain import retry
from domain.wakeup import Lane
from tests.workers.scene import capture
from workers import relay, sweeps
from workers.broker import make_broker, ring
from workers.database import Database, StoreReadOnly
from workers.store import inbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dramatiq.brokers.redis import RedisBroker

    from tests.local.valkey import Valkey
    from tests.workers.scene import Scene

RUNG_OFTEN = 8
SOON_S_MAX = 10.0
RUNG_LONG_AGO_S = 60.0
ONLY_TOGETHER = """
    IF nextval('tries') = 1 THEN RAISE EXCEPTION 'not together';
    ELSE PERFORM pg_terminate_backend(pg_backend_pid()); END IF
"""


@pytest.fixture
def broker(redis_url: str) -> Iterator[RedisBroker]:
    made = make_broker(redis_url)
    yield made
    made.client.close()


def is_due(scene: Scene) -> bool:
    return bool(scene.value("SELECT next_at <= now() FROM inbound_work"))


def ring_often(scene: Scene, *, rung_s_ago: float = RUNG_LONG_AGO_S) -> int:
    """Receive an event that was rung for so often that the next ring is minutes away."""
    event_id = scene.receive(capture("p1"))
    delay_s = retry.RING_DELAY_S_FIRST * 2 ** (RUNG_OFTEN - 1)
    scene.execute(
        "UPDATE inbound_work SET enqueues = %s, next_at = now() + make_interval(secs => %s)",
        [RUNG_OFTEN, delay_s - rung_s_ago],
    )
    return event_id


def test_that_the_store_went_away_is_no_attempt_of_an_event_that_was_alone(scene: Scene) -> None:
    scene.announce("p1")
    scene.execute("CREATE SEQUENCE tries")
    scene.break_for("p1", ONLY_TOGETHER)
    event_id = scene.receive(capture("p1"))

    with pytest.raises(psycopg.OperationalError):
        scene.apply(event_id)
    assert scene.attempts(event_id) == []
    assert scene.value("SELECT attempts FROM inbound_work") == 0
    assert scene.value("SELECT count(*) FROM claims") == 0, "no worker has died of it"
    scene.mend()

    assert scene.apply(event_id) == {"applied": 1}


def test_a_store_that_takes_no_writes_is_away_and_back_at_once(scene: Scene) -> None:
    scene.announce("p1")
    event_id = scene.receive(capture("p1"))
    with scene.database.statement() as tx:
        tx.execute("SET default_transaction_read_only = on")

    with pytest.raises(StoreReadOnly):
        scene.apply(event_id)

    assert scene.apply(event_id) == {"applied": 1}
    assert scene.attempts(event_id) == []


def test_what_only_reads_and_writes_all_the_same_is_a_fault_of_ours(scene: Scene) -> None:
    with (
        pytest.raises(psycopg.errors.ReadOnlySqlTransaction),
        scene.database.transaction(snapshot=True) as tx,
    ):
        tx.execute("DELETE FROM claims")


def test_a_session_that_the_server_has_ended_is_a_store_that_is_away(scene: Scene) -> None:
    """As for a process that stood still in the middle of a transaction."""
    database = Database(scene.url, name="slow")

    def stand_still() -> None:
        with database.transaction() as tx:
            tx.execute("SET LOCAL idle_in_transaction_session_timeout = '20ms'")
            time.sleep(0.3)
            tx.execute("SELECT 1")

    with pytest.raises(psycopg.OperationalError):
        stand_still()
    with database.transaction() as tx:
        assert tx.execute("SELECT 1").fetchone() == (1,)
    database.close()


def test_what_had_no_lock_in_time_is_tried_again_soon_however_often(scene: Scene) -> None:
    scene.announce("p1")
    scene.break_for("p1", "RAISE EXCEPTION 'busy' USING ERRCODE = 'lock_not_available'")
    event_id = scene.receive(capture("p1"))
    waits_s = []
    for _ in range(5):
        scene.execute("UPDATE inbound_work SET attempts = 20")
        assert scene.apply(event_id) == {"retry": 1}
        waits_s.append(
            float(scene.value("SELECT extract(epoch FROM next_at - now()) FROM inbound_work"))
        )

    assert max(waits_s) <= SOON_S_MAX


def test_work_whose_rings_were_lost_is_rung_for_at_once(scene: Scene, broker: RedisBroker) -> None:
    """However often that was: workers were away, and then Redis forgot everything."""
    ring_often(scene)

    assert sweeps.hurry_unheard(scene.database, broker) == 1
    assert is_due(scene)
    assert sweeps.ring_due(scene.database, broker) == 1


def test_work_is_rung_for_at_once_without_redis_too_so_that_workers_take_it(
    scene: Scene, own_valkey: Valkey
) -> None:
    ring_often(scene)
    own_valkey.kill()

    assert sweeps.hurry_unheard(scene.database, make_broker(own_valkey.url)) == 1
    assert is_due(scene)


def test_work_is_left_alone_while_rings_wait_or_one_has_just_been_heard_or_it_was_told_to_wait(
    scene: Scene, broker: RedisBroker
) -> None:
    event_id = ring_often(scene)
    ring(broker, Lane.EVENTS, [event_id])
    assert sweeps.hurry_unheard(scene.database, broker) == 0, "a ring waits"
    broker.client.flushdb()

    ring_often_again = "UPDATE inbound_work SET next_at = next_at + make_interval(secs => %s)"
    scene.execute(ring_often_again, [RUNG_LONG_AGO_S - 1])
    assert sweeps.hurry_unheard(scene.database, broker) == 0, "it may be in hand"

    with scene.database.transaction() as tx:
        inbox.wait(tx, event_id, delay_s=300.0)
    assert sweeps.hurry_unheard(scene.database, broker) == 0, "it was told to wait"


def test_a_sweep_that_found_its_store_away_is_run_again_soon() -> None:
    ran_s: list[float] = []

    def sweep() -> None:
        ran_s.append(now_s)
        raise psycopg.OperationalError

    due = [relay.Sweep("slow", 600.0, sweep)]
    for now_s in (1_000.0, 1_001.0, 1_002.0, 1_003.0):
        relay.run_due(due, now_s)

    assert ran_s == [1_000.0, 1_002.0]
