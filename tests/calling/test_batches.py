"""First calls are begun and closed many at a time, by the rules of those that are made alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import TYPE_CHECKING

import pytest

from domain.commands import CommandKind
from domain.delivery import Mode
from tests.calling.provider import LOST_AFTER
from workers.broker import connect
from workers.calling.batches import Batches
from workers.calling.begin_together import Beginners, NotPlain, Started
from workers.calling.close_together import Closers, Handed
from workers.calling.perform import perform
from workers.calling.pool import CallPool
from workers.calling.rooms import NoRoom, Rooms
from workers.lock import Locks
from workers.telling import nobody

if TYPE_CHECKING:
    from collections.abc import Iterator

    from domain.asking import Asking, Told
    from tests.calling.desk import Desk
    from tests.calling.provider import Provider
    from tests.local.valkey import Valkey

INITIALIZE, VERIFY = CommandKind.INITIALIZE, CommandKind.VERIFY
ACCOUNT = ("paystack", "default")
REFERENCES = ("p1", "p2", "p3", "p4")
JOIN_S = 30.0
LOCKS = "{payratchet}:lock:*"


@pytest.fixture
def rooms() -> Rooms:
    return Rooms(len(REFERENCES))


@pytest.fixture
def beginners(desk: Desk, provider: Provider, rooms: Rooms) -> Beginners:
    return Beginners(desk.database, provider, desk.locks, "test", nobody, rooms)


@pytest.fixture
def closers(desk: Desk) -> Closers:
    return Closers(desk.database, desk.locks, "test", nobody)


def ordered(desk: Desk) -> list[int]:
    desk.make_known(*REFERENCES)
    return [desk.order(INITIALIZE, each) for each in REFERENCES]


def answered(provider: Provider, started: Started | NoRoom | None) -> Handed:
    assert isinstance(started, Started)
    told = provider.initialize(started.begun.case.asking(), key="")
    return Handed(started.begun, told, started.held)


def free(rooms: Rooms) -> int:
    entered = 0
    while rooms.enter(ACCOUNT):
        entered += 1
    for _ in range(entered):
        rooms.leave(ACCOUNT)
    return entered


@pytest.fixture
def together(desk: Desk, provider: Provider, rooms: Rooms) -> Iterator[Batches]:
    made = Batches(desk.database, provider, desk.locks, worker="test", tell=nobody, rooms=rooms)
    for thread in made.threads:
        thread.start()
    yield made
    for thread in made.threads:
        thread.stop()
        thread.join(JOIN_S)


def at_once(desk: Desk, provider: Provider, event_ids: list[int], together: Batches) -> list[str]:
    """Perform the commands, each in a thread of its own."""
    barrier = Barrier(len(event_ids))

    def run(event_id: int) -> str:
        barrier.wait(JOIN_S)
        stores = (desk.database, provider, desk.locks)
        became = perform(*stores, event_id, worker="test", batches=together)
        desk.database.close()
        return str(became)

    with ThreadPoolExecutor(len(event_ids)) as pool:
        return list(pool.map(run, event_ids))


def test_commands_that_come_at_once_are_each_performed_once(
    desk: Desk, provider: Provider, together: Batches, rooms: Rooms
) -> None:
    event_ids = ordered(desk)

    assert at_once(desk, provider, event_ids, together) == ["applied"] * 4

    assert sorted(provider.made("initialize")) == list(REFERENCES)
    for reference in REFERENCES:
        assert desk.calls(reference) == [(1, "initialize", "answered")]
        assert desk.state(reference) == "processing"
        assert desk.url_of(reference) == f"https://pay.example/{reference}"
    assert desk.owed() == []
    assert desk.redis.keys(LOCKS) == []
    assert free(rooms) == len(REFERENCES)
    assert desk.problems() == []


def test_a_batch_is_begun_by_one_transaction_and_closed_by_one(
    desk: Desk, provider: Provider, beginners: Beginners, closers: Closers
) -> None:
    event_ids = ordered(desk)

    started = beginners.begin(event_ids)
    begun = desk.value("SELECT count(DISTINCT xmin::text) FROM provider_calls")
    held = desk.redis.keys(LOCKS)
    closed = closers.close([answered(provider, each) for each in started])

    assert begun == 1
    assert len(held) == len(REFERENCES)
    assert [each and each.became for each in closed] == ["applied"] * 4
    assert desk.value("SELECT count(DISTINCT xmin::text) FROM provider_calls") == 1
    assert desk.redis.keys(LOCKS) == []


def test_calls_that_are_begun_together_are_live_and_keyed_before_any_is_made(
    desk: Desk, provider: Provider, beginners: Beginners
) -> None:
    beginners.begin(ordered(desk))

    assert provider.calls == []
    rows = desk.rows("SELECT debt, fence, provider_key, ended_at FROM provider_calls ORDER BY debt")
    assert rows == [
        (f"paystack:default:{each}", 1, f"payratchet:{each}:initialize", None)
        for each in REFERENCES
    ]
    assert {desk.state(each) for each in REFERENCES} == {"processing"}


def test_what_is_out_of_the_plain_is_left_alone_and_its_neighbours_are_begun(
    desk: Desk, beginners: Beginners, rooms: Rooms
) -> None:
    event_ids = ordered(desk)
    unknown = desk.order(INITIALIZE, "p9")
    verify = desk.order(VERIFY, "p1", number="1")
    tried = desk.order(INITIALIZE, "p2", number="2")
    desk.execute("UPDATE inbound_work SET attempts = 1 WHERE event_id = %s", [tried])

    started = beginners.begin([unknown, verify, tried, 999, *event_ids[:2]])

    assert started[:4] == [None] * 4
    assert all(isinstance(each, Started) for each in started[4:])
    assert free(rooms) == len(REFERENCES) - 2
    assert len(desk.redis.keys(LOCKS)) == 2


def test_two_commands_of_one_debt_are_never_begun_together(
    desk: Desk, beginners: Beginners
) -> None:
    desk.make_known("p1")
    first, second = (desk.order(INITIALIZE, number=each) for each in ("1", "2"))

    started = beginners.begin([second, first])

    assert [isinstance(each, Started) for each in started] == [False, True]
    assert beginners.begin([second]) == [None]
    assert desk.calls() == [(1, "initialize", None)]


def test_a_debt_about_which_a_call_is_live_splits_the_batch_and_nothing_is_written(
    desk: Desk, beginners: Beginners, rooms: Rooms
) -> None:
    event_ids = ordered(desk)
    desk.execute(
        "INSERT INTO provider_calls (debt, fence, event_id, kind, provider, account, worker)"
        " VALUES ('paystack:default:p2', 7, 999, 'verify', 'paystack', 'default', 'another')"
    )

    with pytest.raises(NotPlain):
        beginners.begin(event_ids)

    assert desk.value("SELECT count(*) FROM provider_calls") == 1
    assert {desk.state(each) for each in REFERENCES} == {"pending"}
    assert desk.redis.keys(LOCKS) == []
    assert free(rooms) == len(REFERENCES)


def test_in_a_split_batch_each_is_performed_alone(
    desk: Desk, provider: Provider, together: Batches, rooms: Rooms
) -> None:
    event_ids = ordered(desk)
    desk.execute(
        "INSERT INTO provider_calls (debt, fence, event_id, kind, provider, account, worker)"
        " VALUES ('paystack:default:p2', 7, 999, 'verify', 'paystack', 'default', 'another')"
    )

    assert at_once(desk, provider, event_ids, together) == [
        "applied",
        "in_hand",
        "applied",
        "applied",
    ]
    assert desk.owed() == [event_ids[1]]
    assert free(rooms) == len(REFERENCES)


def test_a_command_without_room_is_not_begun_and_costs_no_row(
    desk: Desk, beginners: Beginners, rooms: Rooms
) -> None:
    event_ids = ordered(desk)
    for _ in range(len(REFERENCES) - 1):
        rooms.enter(ACCOUNT)

    started = beginners.begin(event_ids)

    assert isinstance(started[0], Started)
    assert started[1:] == [NoRoom(ACCOUNT)] * 3
    assert desk.value("SELECT count(*) FROM provider_calls") == 1
    assert len(desk.redis.keys(LOCKS)) == 1


def test_whose_debt_somebody_else_has_locked_is_left_alone(
    desk: Desk, beginners: Beginners, rooms: Rooms
) -> None:
    event_ids = ordered(desk)
    with desk.locks.hold("paystack:default:p3") as held:
        started = beginners.begin(event_ids)
        assert held.renew(), "what another has locked is not released"

    assert [isinstance(each, Started) for each in started] == [True, True, False, True]
    assert desk.state("p3") == "pending"
    assert free(rooms) == 1


def test_without_redis_calls_are_begun_and_closed_all_the_same(
    desk: Desk, provider: Provider, rooms: Rooms, own_valkey: Valkey
) -> None:
    own_valkey.kill()
    with connect(own_valkey.url) as client:
        locks = Locks(client)
        beginners = Beginners(desk.database, provider, locks, "test", nobody, rooms)
        started = beginners.begin(ordered(desk))
        closers = Closers(desk.database, locks, "test", nobody)
        closed = closers.close([answered(provider, each) for each in started])

    assert [each and each.became for each in closed] == ["applied"] * 4


def test_an_answer_that_comes_late_counts_for_nothing_and_its_neighbours_are_closed(
    desk: Desk, provider: Provider, beginners: Beginners, closers: Closers
) -> None:
    event_ids = ordered(desk)
    handed = [answered(provider, each) for each in beginners.begin(event_ids)]
    desk.age_calls(31)
    desk.redis.flushdb()
    assert desk.perform(event_ids[0]) in ("applied", "no_change"), "taken over, and looked up"

    closed = closers.close(handed)

    assert closed[0] is None
    assert [each and each.became for each in closed[1:]] == ["applied"] * 3
    assert desk.calls("p1") == [(1, "initialize", "unknown"), (2, "verify", "answered")]
    assert desk.url_of("p1") is None


def test_a_call_that_was_presumed_dead_splits_the_batch_and_nothing_is_written(
    desk: Desk, provider: Provider, beginners: Beginners, closers: Closers
) -> None:
    """Its command is still owed, since who took over is asking right now."""
    handed = [answered(provider, each) for each in beginners.begin(ordered(desk))]
    desk.execute(
        "UPDATE provider_calls SET ended_at = now(), outcome = 'unknown'"
        " WHERE debt = 'paystack:default:p1'"
    )

    with pytest.raises(NotPlain):
        closers.close(handed)

    assert desk.calls("p2") == [(1, "initialize", None)]
    assert desk.url_of("p2") is None
    assert len(desk.owed()) == len(REFERENCES)


def test_an_answer_of_the_other_world_is_set_aside_and_its_neighbours_are_applied(
    desk: Desk, provider: Provider, together: Batches, monkeypatch: pytest.MonkeyPatch
) -> None:
    event_ids = ordered(desk)
    ordinary = provider.initialize

    def initialize(asking: Asking, *, key: str) -> Told:
        mode = Mode.LIVE if asking.reference == "p2" else Mode.TEST
        return replace(ordinary(asking, key=key), mode=mode)

    desk.execute(
        "INSERT INTO source_modes (source, account, mode, event_id)"
        " VALUES ('paystack', 'default', 'test', 1)"
    )
    monkeypatch.setattr(provider, "initialize", initialize)

    assert at_once(desk, provider, event_ids, together) == ["applied", "dead", "applied", "applied"]
    assert desk.letters() == [(event_ids[1], "mode_mismatch", "open")]
    assert desk.url_of("p2") is None
    assert desk.owed() == []


def test_an_answer_that_was_lost_is_looked_up_by_the_thread_that_made_the_call(
    desk: Desk, provider: Provider, together: Batches, rooms: Rooms
) -> None:
    event_ids = ordered(desk)
    provider.goes["initialize"] = [LOST_AFTER]

    became = at_once(desk, provider, event_ids, together)

    assert sorted(became) == ["applied", "applied", "applied", "retry"]
    assert len(provider.made("initialize")) == len(REFERENCES)
    assert free(rooms) == len(REFERENCES)
    assert desk.redis.keys(LOCKS) == []


def test_a_store_that_goes_away_between_begin_and_close_loses_no_answer(
    desk: Desk, provider: Provider, together: Batches
) -> None:
    """The sessions are cut while the provider is asked; the answer is written all the same."""
    desk.make_known("p1")
    event_id = desk.order(INITIALIZE)

    def cut() -> None:
        desk.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )

    provider.goes["initialize"] = [cut]

    assert at_once(desk, provider, [event_id], together) == ["applied"]
    assert desk.calls() == [(1, "initialize", "answered")]
    assert desk.url_of() == "https://pay.example/p1"


def test_the_pool_ends_with_its_batches_and_what_it_has_in_hand_is_finished(
    desk: Desk, provider: Provider, rooms: Rooms
) -> None:
    event_ids = ordered(desk)
    batches = Batches(desk.database, provider, desk.locks, worker="test", tell=nobody, rooms=rooms)

    def one(event_id: int) -> object:
        stores = (desk.database, provider, desk.locks)
        return perform(*stores, event_id, worker="test", batches=batches)

    def wait() -> None:
        calling.wait(JOIN_S)

    calling = Barrier(len(REFERENCES) + 1)
    provider.goes["initialize"] = [wait] * len(REFERENCES)
    pool = CallPool(one, threads=4, end=desk.database.close, rooms=rooms, batches=batches.threads)
    pool.start()
    pool.put(event_ids)
    calling.wait(JOIN_S)
    pool.stop()
    pool.join(JOIN_S)

    assert [thread.is_alive() for thread in pool.threads] == [False] * 6
    assert desk.owed() == []
    assert {desk.state(each) for each in REFERENCES} == {"processing"}
