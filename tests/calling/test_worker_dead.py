"""A worker that died: what it had in hand is taken over at once where that can do no harm."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

import pytest

from domain.commands import CommandKind
from domain.money import Money
from domain.tries import LIVE_S_MAX, Asked
from tests.calling.provider import Provider, There
from tests.calling.test_takeover import caller, is_calling
from tests.workers.scene import wait_until
from workers import sweeps
from workers.calling.perform import perform
from workers.database import Backend, Database
from workers.lock import Locks
from workers.store import lives, provider_calls

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.calling.desk import Desk

DEBT = "paystack:default:p1"
TAKEN_OVER_S_MAX = 10.0
"""Far less than `LIVE_S_MAX`, on a machine that is busy. The sweeps alone allow for 3 s."""

INITIALIZE, REFUND, CANCEL, VERIFY = (
    CommandKind.INITIALIZE,
    CommandKind.REFUND,
    CommandKind.CANCEL,
    CommandKind.VERIFY,
)


@pytest.fixture
def watch(desk: Desk) -> Iterator[Database]:
    """Return a session that is old enough to judge who has died."""
    database = Database(desk.url, name="watch")
    with database.transaction() as tx:
        lives.note_deaths(tx)
    time.sleep(lives.OBSERVED_S + 0.1)
    yield database
    database.close()


def is_due(desk: Desk, event_id: int) -> bool:
    query = "SELECT next_at <= now() FROM inbound_work WHERE event_id = %s"
    return bool(desk.value(query, [event_id]))


def call_of(desk: Desk, event_id: int, asked: Asked, worker: str = "dead") -> int:
    """Do what a worker has done that has begun a call, and has not ended it."""
    begun = provider_calls.Begun(
        DEBT, event_id, None, asked, "paystack", "default", None, worker
    )  # fmt: skip
    with desk.database.transaction() as tx:
        return provider_calls.begin(tx, begun)


def died(desk: Desk, worker: str = "dead") -> None:
    desk.execute(
        "INSERT INTO worker_lives (worker, backend_pid, backend_start, gone_at, dead_at)"
        " VALUES (%s, 1, now(), now(), now())",
        [worker],
    )


def test_the_call_of_a_killed_process_is_taken_over_within_seconds_and_its_lock_freed(
    desk: Desk, provider: Provider, redis_url: str, tmp_path: Path, watch: Database
) -> None:
    event_id = desk.ask_payment()
    with caller(desk, redis_url, event_id, tmp_path) as process:
        wait_until(lambda: is_calling(tmp_path))
        assert desk.perform(event_id) == "in_hand"
        killed_s = time.monotonic()
        process.kill()
        provider.payments["p1"] = There(1, Money("NGN", 1_000))
        wait_until(lambda: sweeps.take_over_calls(watch), within_s=TAKEN_OVER_S_MAX)

    assert is_due(desk, event_id)
    assert desk.perform(event_id) in ("applied", "no_change")
    assert time.monotonic() - killed_s < TAKEN_OVER_S_MAX
    assert desk.calls() == [(1, "initialize", "unknown"), (2, "verify", "answered")]
    assert (provider.made("initialize"), desk.owed()) == ([], [])


def test_a_process_that_lost_its_session_and_came_back_is_not_taken_for_dead(
    desk: Desk, redis_url: str, tmp_path: Path, watch: Database
) -> None:
    """As when Postgres restarts: its call is under way, and its answer counts."""
    event_id = desk.ask_payment()
    with caller(desk, redis_url, event_id, tmp_path):
        wait_until(lambda: is_calling(tmp_path))
        for _ in range(10):
            desk.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'caller' AND datname = current_database()"
            )
            assert sweeps.take_over_calls(watch) == []
            time.sleep(lives.AWAY_S_MAX / 5)
        assert desk.perform(event_id) == "in_hand"
        (tmp_path / "answer").touch()
        wait_until((tmp_path / "became").exists)

    assert (tmp_path / "became").read_text() == "applied"
    assert desk.calls() == [(1, "initialize", "answered")]
    assert desk.url_of() == "https://pay.example/p1"


def test_a_process_that_stands_still_is_not_taken_for_dead(
    desk: Desk, redis_url: str, tmp_path: Path, watch: Database
) -> None:
    event_id = desk.ask_payment()
    with caller(desk, redis_url, event_id, tmp_path) as process:
        wait_until(lambda: is_calling(tmp_path))
        process.popen.send_signal(signal.SIGSTOP)
        ends_s = time.monotonic() + 2 * lives.AWAY_S_MAX
        while time.monotonic() < ends_s:
            assert sweeps.take_over_calls(watch) == []
            time.sleep(0.1)

        assert desk.perform(event_id) == "in_hand"


def test_whoever_has_just_connected_takes_nobody_for_dead(desk: Desk, watch: Database) -> None:
    """After a restart of Postgres nobody's session is there, and whoever judges is the first."""
    desk.execute("INSERT INTO worker_lives VALUES ('w1', 1, now())")
    fresh = Database(desk.url, name="fresh")
    ends_s = time.monotonic() + 0.9 * lives.OBSERVED_S
    while time.monotonic() < ends_s:
        assert sweeps.take_over_calls(fresh) == []
    fresh.close()

    assert desk.value("SELECT gone_at FROM worker_lives") is None
    wait_until(lambda: sweeps.take_over_calls(watch) == ["w1"])


def test_who_was_taken_for_dead_and_lives_is_late_and_has_one_effect(
    desk: Desk, provider: Provider
) -> None:
    """It was in the middle of its call, and lost its session for too long."""
    event_id = desk.ask_payment()

    def meanwhile() -> None:
        provider.goes["initialize"] = []
        died(desk, "slow")
        became.append(desk.perform(event_id))

    became: list[str] = []
    provider.goes["initialize"] = [meanwhile]
    with Locks(desk.redis, owner="slow").hold("another"):
        locks = Locks(desk.redis, owner="slow")
        became.append(str(perform(desk.database, provider, locks, event_id, worker="slow")))

    assert became == ["applied", "late"]
    assert list(provider.payments) == ["p1"]
    assert desk.calls() == [
        (1, "initialize", "unknown"),
        (2, "verify", "answered"),
        (3, "initialize", "answered"),
    ]
    assert desk.url_of() == "https://pay.example/p1"


def test_a_refund_without_a_key_is_waited_for_although_its_worker_is_dead(
    desk: Desk, provider: Provider
) -> None:
    desk.pay()
    event_id = desk.ask_refund("rf1", 400)
    call_of(desk, event_id, Asked.REFUND)
    died(desk)

    assert desk.perform(event_id) == "in_hand"
    left_s = desk.value("SELECT extract(epoch FROM next_at - now()) FROM inbound_work")
    assert 0.9 * LIVE_S_MAX < left_s <= LIVE_S_MAX
    assert provider.made("refund") == []
    desk.presume_dead()
    assert desk.perform(event_id) == "waits", "and then until the provider must show it"
    assert provider.made("refund") == []


def test_a_refund_with_a_key_that_lives_is_taken_over_at_once_and_made_once(desk: Desk) -> None:
    provider = desk.provider = Provider(keys_live_s=3_600.0)
    desk.pay()
    event_id = desk.ask_refund("rf1", 400)
    call_of(desk, event_id, Asked.REFUND)
    died(desk)

    assert desk.perform(event_id) == "applied"
    assert provider.made("refund") == ["rf1"]


@pytest.mark.parametrize("keys_live_s", [0.0, 3_600.0])
def test_a_question_of_a_dead_worker_is_asked_again_at_once(desk: Desk, keys_live_s: float) -> None:
    desk.provider = Provider(keys_live_s=keys_live_s)
    desk.pay()
    event_id = desk.order(VERIFY, number="again")
    call_of(desk, event_id, Asked.VERIFY)
    died(desk)

    assert desk.perform(event_id) in ("applied", "no_change")


def test_a_lock_is_freed_where_its_owner_is_dead_and_nowhere_else(
    desk: Desk, provider: Provider
) -> None:
    event_id = desk.ask_payment()
    with Locks(desk.redis, owner="w1").hold(DEBT) as held:
        assert desk.perform(event_id) == "in_hand"
        assert held.renew()
        died(desk, "w10")
        assert desk.perform(event_id) == "in_hand", "w1 is another"
        died(desk, "w1")

        assert desk.perform(event_id) == "applied"
    assert provider.made("initialize") == ["p1"]


def test_a_worker_that_is_seen_again_is_alive(desk: Desk) -> None:
    died(desk, "w1")
    with desk.database.transaction() as tx:
        lives.live_on(tx, "w1", Backend(1, tx.execute("SELECT now()").fetchone()[0]))  # type: ignore[index]

        assert not lives.is_dead(tx, "w1")


def test_long_dead_workers_are_forgotten(desk: Desk) -> None:
    died(desk, "old")
    died(desk, "new")
    desk.execute(
        "UPDATE worker_lives SET dead_at = now() - make_interval(secs => %s) WHERE worker = 'old'",
        [lives.KEPT_S + 1],
    )

    sweeps.keep_house(desk.database, retention_days=30)

    assert desk.rows("SELECT worker FROM worker_lives") == [("new",)]
