"""Each fault does to a real store or process what it says, and leaves nothing behind."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dramatiq
import psycopg
import pytest
import redis

from domain.wakeup import Lane, queue_name
from tests.chaos import small_stage
from tests.chaos.faults import postgres, queue, valkey
from tests.chaos.faults.exhaustion import ConnectionsExhausted
from tests.chaos.faults.shim import Dial
from workers.broker import make_broker, ring

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dramatiq.brokers.redis import RedisBroker

    from tests.chaos.small_stage import SmallStage

PAGES = 400
"""More rows of a kilobyte than any page that is there already has room for."""

SOON_S = 5.0
SESSIONS = f"SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE '{postgres.SERVICE}'"


@pytest.fixture(scope="module")
def stage() -> Iterator[SmallStage]:
    with small_stage.raised() as raised:
        with raised.connect() as connection:
            connection.execute("CREATE TABLE kept (number int, filling text)")
        yield raised


@pytest.fixture
def broker(stage: SmallStage) -> Iterator[RedisBroker]:
    made = make_broker(stage.redis_url)
    made.client.flushall()
    yield made
    made.client.close()


def keep(stage: SmallStage, rows: int = 1) -> float:
    """Insert; return how long it took."""
    begun_s = time.monotonic()
    with stage.connect() as connection:
        connection.execute(
            "INSERT INTO kept SELECT n, repeat('x', 1000) FROM generate_series(1, %s) AS n", [rows]
        )
    return time.monotonic() - begun_s


def kept(stage: SmallStage) -> int:
    with stage.connect() as connection:
        row = connection.execute("SELECT count(*) FROM kept").fetchone()
    assert row is not None
    return int(row[0])


def test_a_full_disk_refuses_new_rows_and_gives_out_old_ones(stage: SmallStage) -> None:
    keep(stage)
    before = kept(stage)

    with stage.struck(postgres.DiskFull(Dial.FULL_DATA), "postgres"):
        with pytest.raises(psycopg.errors.DiskFull):
            keep(stage, PAGES)
        assert kept(stage) == before

    keep(stage, PAGES)
    assert kept(stage) == before + PAGES


def test_postgres_panics_without_room_for_its_log_and_has_lost_nothing(stage: SmallStage) -> None:
    keep(stage)
    before = kept(stage)

    with (
        stage.struck(postgres.DiskFull(Dial.FULL_WAL), "postgres"),
        pytest.raises(psycopg.OperationalError),
    ):
        keep(stage)

    assert kept(stage) == before
    keep(stage)


def test_a_read_only_postgres_refuses_writes_of_everybody(stage: SmallStage) -> None:
    with stage.connect() as connection:
        with stage.struck(postgres.Setting(postgres.READ_ONLY), "postgres"):
            wait_until(lambda: value(connection, "SHOW default_transaction_read_only") == "on")
            with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
                connection.execute("INSERT INTO kept VALUES (1)")

        wait_until(lambda: value(connection, "SHOW default_transaction_read_only") == "off")
        connection.execute("INSERT INTO kept VALUES (1)")


def test_a_slow_disk_delays_each_commit(stage: SmallStage) -> None:
    with stage.struck(postgres.SlowCommit(), "postgres", delay_ms=300.0):
        slow_s = keep(stage)

    assert slow_s >= 0.3
    assert min(keep(stage) for _ in range(5)) < 0.3


def test_a_frozen_postgres_answers_nobody_until_it_is_thawed(stage: SmallStage) -> None:
    with stage.struck(postgres.Frozen(), "postgres"), pytest.raises(psycopg.OperationalError):
        stage.connect("somebody else")

    assert kept(stage) >= 0


def test_a_frozen_backend_stands_still_while_others_answer(stage: SmallStage) -> None:
    with stage.connect() as frozen, stage.connect("somebody else") as other:
        wait_until(lambda: value(other, SESSIONS) == 1)
        with stage.struck(postgres.BackendFrozen(), "postgres") as told:
            assert told == f"backend {frozen.info.backend_pid}"
            wait_until(lambda: state(frozen.info.backend_pid) == "T")
            assert value(other, "SELECT 1") == 1

        assert value(frozen, "SELECT 1") == 1


def test_killing_a_backend_drops_all_connections_and_loses_nothing(stage: SmallStage) -> None:
    before = kept(stage)
    other = stage.connect("somebody else")

    with stage.connect(), stage.struck(postgres.BackendKilled(), "postgres"):
        wait_until(lambda: is_cut(other))

    other.close()
    assert kept(stage) == before


def test_no_connection_is_left_while_all_are_taken(stage: SmallStage) -> None:
    with (
        stage.struck(ConnectionsExhausted(), "postgres", lasts_s=SOON_S),
        pytest.raises(psycopg.OperationalError, match="too many clients"),
    ):
        stage.connect()

    wait_until(lambda: kept(stage) >= 0)


def test_a_killed_postgres_is_away_until_the_end(stage: SmallStage) -> None:
    keep(stage)
    before = kept(stage)

    with stage.struck(postgres.Killed(), "postgres"), pytest.raises(psycopg.OperationalError):
        stage.connect()

    assert kept(stage) == before


@pytest.mark.parametrize(("wipe", "left"), [(0.1, b"1"), (0.9, None)])
def test_a_killed_valkey_comes_back_with_or_without_what_it_had(
    stage: SmallStage, broker: RedisBroker, wipe: float, left: bytes | None
) -> None:
    broker.client.set("kept", "1")
    broker.client.wait(0, 0)
    time.sleep(1.1)  # what it writes to its file each second

    with stage.struck(valkey.Killed(), "valkey", wipe=wipe), pytest.raises(redis.RedisError):
        broker.client.ping()

    assert broker.client.get("kept") == left


def test_a_full_valkey_refuses_and_an_evicting_one_forgets(
    stage: SmallStage, broker: RedisBroker
) -> None:
    broker.client.set("kept", "1")
    with stage.struck(valkey.Cramped("noeviction"), "valkey"):
        with pytest.raises(redis.ConnectionError, match="maxmemory"):
            broker.client.set("new", "1")
        assert broker.client.get("kept") == b"1"

    with stage.struck(valkey.Cramped("allkeys-lru"), "valkey"):
        wait_until(lambda: broker.client.dbsize() == 0)

    assert broker.client.set("new", "1")
    assert broker.client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_a_frozen_valkey_answers_nobody_until_it_is_thawed(
    stage: SmallStage, broker: RedisBroker
) -> None:
    with stage.struck(valkey.Frozen(), "valkey"), pytest.raises(redis.ConnectionError):
        broker.client.ping()

    assert broker.client.ping()


def test_messages_that_wait_get_lost_as_a_whole(stage: SmallStage, broker: RedisBroker) -> None:
    ring(broker, Lane.EVENTS, [1, 2, 3])
    ring(broker, Lane.CALLS, [4])

    with stage.struck(queue.Lost(), "queue", lasts_s=0.1) as told:
        assert told == "2 messages"

    assert waiting(broker) == []


@pytest.mark.parametrize("same_id", [0.1, 0.9])
def test_messages_that_wait_come_again(
    stage: SmallStage, broker: RedisBroker, same_id: float
) -> None:
    ring(broker, Lane.EVENTS, [7])

    with stage.struck(queue.Doubled(), "queue", lasts_s=0.1, same_id=same_id):
        found = waiting(broker)

    assert len(found) > 1
    assert all(dramatiq.Message.decode(body).args == ([7],) for body in found)


@pytest.mark.parametrize("number", range(len(queue.bodies())))
def test_consumers_get_by_what_is_no_message(
    stage: SmallStage, broker: RedisBroker, number: int
) -> None:
    which = (number + 0.5) / len(queue.bodies())
    with stage.struck(queue.Undecodable(), "queue", which=which):
        ring(broker, Lane.EVENTS, [7])

    consumer = broker.consume(queue_name(Lane.EVENTS), prefetch=5, timeout=50)
    got = [message for _ in range(3) if (message := next(consumer)) is not None]

    assert [message.args for message in got][-1] == ([7],)
    assert len(got) == 2


def test_forgetting_everything_forgets_everything(stage: SmallStage, broker: RedisBroker) -> None:
    ring(broker, Lane.EVENTS, [1])

    with stage.struck(valkey.Flush(), "valkey"):
        assert broker.client.dbsize() == 0


def waiting(broker: RedisBroker) -> list[bytes]:
    """Return the message of each id that waits in any queue."""
    found: list[bytes] = []
    client: Any = broker.client
    for lane in Lane:
        key = queue.queue_key(lane)
        found += [client.hget(f"{key}.msgs", each) for each in client.lrange(key, 0, -1)]
    return found


def value(connection: psycopg.Connection[Any], statement: str) -> object:
    row = connection.execute(statement.encode()).fetchone()
    return None if row is None else row[0]


def state(pid: int) -> str:
    """Return the letter by which Linux tells what a process does."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def is_cut(connection: psycopg.Connection[Any]) -> bool:
    try:
        connection.execute("SELECT 1")
    except psycopg.OperationalError:
        return True
    return False


def wait_until(is_so: Any) -> None:
    until_s = time.monotonic() + SOON_S
    while not is_so():
        assert time.monotonic() < until_s
        time.sleep(0.02)
