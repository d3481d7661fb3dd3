"""What the relay does, sweep by sweep."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import dramatiq
import pytest
import redis

from domain.wakeup import BROKER_NAMESPACE, QUEUE_LENGTH_HIGH_WATER, Lane, queue_name
from tests.workers.scene import body, capture, refund, wait_until
from workers import relay, sweeps
from workers.broker import make_broker, ring, waiting_messages
from workers.database import Database
from workers.settings import RelaySettings
from workers.store import claims

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dramatiq.brokers.redis import RedisBroker

    from tests.workers.scene import Scene


RELAYS = 4


@pytest.fixture
def broker(redis_url: str) -> Iterator[RedisBroker]:
    made = make_broker(redis_url)
    yield made
    made.client.close()


def rung(broker: RedisBroker, lane: Lane = Lane.EVENTS) -> list[list[int]]:
    """Return the ids of every message that waits."""
    found: Any = broker.client.hgetall(f"{BROKER_NAMESPACE}:{queue_name(lane)}.msgs")
    messages = [broker_message(data) for data in found.values()]
    return sorted(messages)


def broker_message(data: bytes) -> list[int]:
    ids: list[int] = dramatiq.Message.decode(data).args[0]
    return ids


def make_due(scene: Scene) -> None:
    scene.execute("UPDATE inbound_work SET next_at = now()")


def waits_s(scene: Scene) -> float:
    return float(scene.value("SELECT extract(epoch FROM next_at - now()) FROM inbound_work"))


def die_with(scene: Scene, *event_ids: int) -> None:
    """Claim the events as a worker does, and end its session without applying them."""
    worker = Database(scene.url, name="doomed")
    backend = worker.backend()
    with worker.transaction() as tx:
        claims.take(tx, event_ids, worker="doomed", backend=backend)
    worker.close()
    wait_until(
        lambda: not scene.rows("SELECT 1 FROM pg_stat_activity WHERE pid = %s", [backend.pid])
    )


def test_work_is_rung_for_again_ever_later(scene: Scene, broker: RedisBroker) -> None:
    event_id = scene.receive(capture("p1"))
    not_yet = sweeps.ring_due(scene.database, broker)

    delays_s = []
    for _ in range(10):
        make_due(scene)
        assert sweeps.ring_due(scene.database, broker) == 1
        delays_s.append(round(waits_s(scene)))

    assert not_yet == 0
    assert delays_s == [3, 6, 12, 24, 48, 96, 192, 384, 600, 600]
    assert rung(broker) == [[event_id]] * 10


def test_nobody_rings_for_work_that_is_done(scene: Scene, broker: RedisBroker) -> None:
    scene.hear(capture("p1"))
    make_due(scene)

    assert sweeps.ring_due(scene.database, broker) == 0
    assert rung(broker) == []


def test_a_lane_above_its_high_water_mark_is_left_alone(scene: Scene, broker: RedisBroker) -> None:
    scene.receive(capture("p1"))
    other = scene.receive(capture("p2"), lane="replay")
    make_due(scene)
    for _ in range(QUEUE_LENGTH_HIGH_WATER):
        ring(broker, Lane.EVENTS, [0])

    sweeps.ring_due(scene.database, broker)

    assert waiting_messages(broker, Lane.EVENTS) == QUEUE_LENGTH_HIGH_WATER
    assert rung(broker, Lane.REPLAY) == [[other]]


def test_relays_at_once_ring_once_for_each_event(scene: Scene, redis_url: str) -> None:
    events = [scene.receive(capture(f"p{number}")) for number in range(300)]
    make_due(scene)
    brokers = [make_broker(redis_url) for _ in range(RELAYS)]

    scene.at_once(RELAYS, lambda number: sweeps.ring_due(scene.database, brokers[number]))

    assert sorted(each for ids in rung(brokers[0]) for each in ids) == events
    for each in brokers:
        each.client.close()


def test_relays_at_once_do_everything_else_without_harm(scene: Scene, broker: RedisBroker) -> None:
    unannounced = scene.hear(capture("p1"), capture("p2"))
    scene.announce("p1", "p2", "p3")
    early = scene.hear(refund("p3", 100))
    scene.execute("UPDATE waiting_captures SET since = now() - interval '2 days'")
    crashed = scene.receive(body("x", None))
    die_with(scene, crashed)

    def sweep(_: int) -> None:
        sweeps.revive_crashed(scene.database)
        sweeps.take_up_announced(scene.database)
        sweeps.bury_overdue(scene.database)
        sweeps.keep_house(scene.database, retention_days=400)
        sweeps.ring_due(scene.database, broker)

    scene.at_once(RELAYS, sweep)

    assert scene.actions(unannounced[0]) == ["died", "replayed"]
    assert scene.actions(early[0]) == ["died"]
    assert scene.attempts(crashed) == [(1, "crashed", "WorkerDied")]
    scene.drain()
    assert scene.credit() == 2_000


def test_the_work_of_a_dead_worker_is_due_at_once(scene: Scene, broker: RedisBroker) -> None:
    scene.announce("p1")
    event_id = scene.receive(capture("p1"))
    die_with(scene, event_id)

    assert sweeps.revive_crashed(scene.database) == 1
    assert sweeps.ring_due(scene.database, broker) == 1
    assert scene.attempts(event_id) == [(1, "crashed", "WorkerDied")]
    assert scene.value("SELECT count(*) FROM claims") == 0


def test_the_claim_of_a_worker_that_lives_is_left_to_it(scene: Scene) -> None:
    event_id = scene.receive(capture("p1"))
    backend = scene.database.backend()
    with scene.database.transaction() as tx:
        claims.take(tx, [event_id], worker="slow", backend=backend)

    assert sweeps.revive_crashed(scene.database) == 0
    scene.execute("UPDATE claims SET claimed_at = now() - interval '61 s'")
    assert sweeps.revive_crashed(scene.database) == 1


def test_a_backlog_is_not_mistaken_for_a_crash(scene: Scene, broker: RedisBroker) -> None:
    event_id = scene.receive(capture("p1"))
    for _ in range(20):
        make_due(scene)
        sweeps.ring_due(scene.database, broker)
        sweeps.revive_crashed(scene.database)

    assert scene.rows("SELECT lane, crashes, enqueues FROM inbound_work") == [("events", 0, 20)]
    assert scene.attempts(event_id) == []


def test_a_batch_that_kills_is_split_and_a_single_event_that_kills_is_quarantined(
    scene: Scene, broker: RedisBroker
) -> None:
    poison, good = scene.receive(capture("p1")), scene.receive(capture("p2"))
    for _ in range(2):
        die_with(scene, poison, good)
        sweeps.revive_crashed(scene.database)
    sweeps.ring_due(scene.database, broker)
    together = rung(broker)
    broker.client.flushdb()

    die_with(scene, poison, good)
    sweeps.revive_crashed(scene.database)
    sweeps.ring_due(scene.database, broker)
    split = rung(broker)
    die_with(scene, poison)
    sweeps.revive_crashed(scene.database)

    assert (together, split) == ([[poison, good]], [[poison], [good]])
    assert scene.rows("SELECT event_id, lane FROM inbound_work ORDER BY 1") == [
        (poison, "quarantine"),
        (good, "events"),
    ]


def test_a_sweep_that_finds_its_store_away_is_skipped_and_the_others_run(
    scene: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    scene.hear(capture("p1"))
    scene.announce("p1")
    settings = RelaySettings(database_url=scene.url, redis_url="unix:///nowhere/valkey.sock")

    relay.run_due(relay.schedule(settings, scene.database), time.monotonic())

    assert "sweep.skipped" in capsys.readouterr().out
    assert len(scene.owed()) == 1


def test_redis_away_is_an_error_of_the_ring_only(scene: Scene) -> None:
    scene.receive(capture("p1"))
    make_due(scene)
    broker = make_broker("unix:///nowhere/valkey.sock")

    with pytest.raises(redis.ConnectionError):
        sweeps.ring_due(scene.database, broker)

    assert waits_s(scene) <= 0
