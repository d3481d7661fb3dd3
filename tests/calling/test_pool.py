"""The threads that call: bounded, none twice at one command, and rung for like any lane."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import psycopg

from domain.commands import CommandKind
from domain.wakeup import CHANGES_CHANNEL, Lane
from tests.calling.threads import JOIN_S, QUICK, SLOW, claiming, running
from tests.workers.replayed import replay
from tests.workers.ringing import ring_for, working
from tests.workers.scene import capture, wait_until
from workers import pulse
from workers.apply import apply_events
from workers.broker import connect
from workers.calling import pool as pools
from workers.calling.pool import CallPool
from workers.calling.rooms import NoRoom
from workers.telling import WAITING_MAX, Teller

if TYPE_CHECKING:
    import pytest

    from tests.calling.desk import Desk
    from tests.calling.provider import Provider
    from tests.local.valkey import Valkey


def test_a_command_in_hand_is_not_taken_twice() -> None:
    seen: list[int] = []
    go_on = threading.Event()

    def perform(event_id: int) -> None:
        seen.append(event_id)
        go_on.wait(JOIN_S)

    with running(CallPool(perform, threads=2)) as pool:
        pool.put([7, 7, 7])
        assert pool.offer([7]) == 0
        pool.put([8])
        wait_until(lambda: seen == [7, 8])
        go_on.set()
        wait_until(lambda: pool.offer([7]) == 1)
        wait_until(lambda: seen == [7, 8, 7])


def test_an_error_ends_no_thread() -> None:
    seen: list[int] = []

    def perform(event_id: int) -> None:
        seen.append(event_id)
        raise psycopg.OperationalError if event_id == 1 else ZeroDivisionError

    ended: list[str] = []
    with running(CallPool(perform, threads=1, end=lambda: ended.append("ended"))) as pool:
        pool.put([1, 2, 3])
        wait_until(lambda: seen[:3] == [1, 2, 3])

    assert ended == ["ended"]


def test_a_command_from_which_the_store_went_away_is_tried_again_and_then_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its work row may say that it is in hand for half a minute: nobody would ring for it."""
    monkeypatch.setattr(pools, "STORE_AWAY_S", 0.01)
    seen: list[int] = []

    def perform(event_id: int) -> None:
        seen.append(event_id)
        if len(seen) < 4:
            raise psycopg.OperationalError

    with running(CallPool(perform, threads=1)) as pool:
        pool.put([7])
        wait_until(lambda: seen == [7] * 4)
        wait_until(lambda: pool.offer([7]) == 1)
        wait_until(lambda: seen == [7] * 5)


def test_no_more_than_fits_waits_and_the_claimer_never_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pools, "WAITING_MAX", 3)
    pool = CallPool(lambda _: None, threads=0)

    assert pool.offer([1, 2, 3, 4, 5]) == 3

    waiter = threading.Thread(target=pool.put, args=([6],))
    waiter.start()
    pool.stop()
    waiter.join(JOIN_S)
    assert not waiter.is_alive(), "whoever waits for room goes when it is told to stop"


def test_calls_in_hand_are_seen_by_the_watchdog() -> None:
    go_on, began = threading.Event(), threading.Event()

    def perform(_: int) -> None:
        began.set()
        go_on.wait(JOIN_S)

    with running(CallPool(perform, threads=1)) as pool:
        pool.put([1])
        began.wait(JOIN_S)
        assert pulse.stalled(-1.0) >= 1
        go_on.set()


def test_a_worker_takes_rings_for_calls(desk: Desk, redis_url: str) -> None:
    """Without any key of ours, a command ends as a dead letter: the lane works to its end."""
    event_id = desk.ask_payment()
    with working(desk, redis_url):
        ring_for(redis_url, event_id, lane=Lane.CALLS)
        wait_until(lambda: desk.letters() == [(event_id, "provider_refused", "open")])

        letter = desk.letter_id(event_id)

        def ring_again() -> None:
            wait_until(lambda: desk_owes(desk))
            ring_for(redis_url, event_id, lane=Lane.CALLS)

        thread = threading.Thread(target=ring_again)
        thread.start()
        told = replay(desk.database, [letter], actor="operator:ada", reason="try")
        thread.join(JOIN_S)

    assert (told.replayed, told.succeeded, told.failed) == (1, 0, 1)
    assert desk.letters() == [(event_id, "provider_refused", "open")]
    assert desk.actions(event_id) == ["died", "replayed", "died_again"]


def desk_owes(desk: Desk) -> bool:
    with psycopg.connect(desk.url) as connection:
        row = connection.execute("SELECT count(*) FROM inbound_work").fetchone()
        return row is not None and row[0] > 0


def test_a_replayed_command_that_goes_through_is_counted(desk: Desk, provider: Provider) -> None:
    desk.initialize()
    provider.goes["look_up"] = ["refused"]
    event_id = desk.order(CommandKind.VERIFY)
    desk.perform(event_id)
    provider.pay("p1")

    def worker() -> None:
        wait_until(lambda: desk_owes(desk))
        desk.at_once(1, lambda _: desk.perform(event_id))

    thread = threading.Thread(target=worker)
    thread.start()
    told = desk.replay(event_id)
    thread.join(JOIN_S)

    assert (told.replayed, told.succeeded, told.failed) == (1, 1, 0)


def test_without_redis_commands_are_handed_to_the_same_threads(
    desk: Desk, own_valkey: Valkey
) -> None:
    event_id = desk.ask_payment()
    own_valkey.kill()
    taken: list[int] = []

    def perform(each: int) -> None:
        taken.append(each)
        desk.perform(each)
        desk.database.close()

    with running(CallPool(perform, threads=1)) as pool, claiming(desk, own_valkey, pool):
        wait_until(lambda: not desk_owes(desk))

    assert event_id in taken
    assert desk.state("p1") == "processing"


def test_changes_are_told_to_whoever_listens(desk: Desk, redis_url: str) -> None:
    with connect(redis_url) as client, client.pubsub() as listening:
        listening.subscribe(CHANGES_CHANNEL)
        assert listening.get_message(timeout=5) is not None
        teller = Teller(client)
        teller.start()
        desk.announce("p1", "p2")
        events = [desk.receive(capture(each)) for each in ("p1", "p2")]
        apply_events(desk.database, events, worker="test", tell=teller.tell)
        message = listening.get_message(timeout=5)
        teller.stop()
        teller.join(JOIN_S)

    assert message is not None
    assert sorted(message["data"].decode().split(" ")) == ["p1", "p2"]


def test_nobody_waits_for_a_redis_that_does_not_answer(own_valkey: Valkey) -> None:
    own_valkey.kill()
    with connect(own_valkey.url) as client:
        teller = Teller(client)
        for number in range(3 * WAITING_MAX):
            teller.tell([f"p{number}"])
        teller.start()
        teller.tell(["p"])
        teller.stop()
        teller.join(JOIN_S)

    assert not teller.is_alive()


def test_commands_of_a_provider_that_hangs_keep_no_thread_from_those_of_another() -> None:
    go_on = threading.Event()
    done: list[int] = []

    def perform(event_id: int) -> NoRoom | str:
        account = SLOW if event_id < 100 else QUICK
        if not pool.rooms.enter(account):
            return NoRoom(account)
        if account == SLOW:
            go_on.wait(JOIN_S)
        done.append(event_id)
        pool.rooms.leave(account)
        return "applied"

    with running(CallPool(perform, threads=4)) as pool:
        pool.put(range(1, 21))
        pool.put([100, 101, 102])

        wait_until(lambda: sorted(done) == [100, 101, 102])
        assert pool.offer([20]) == 0, "what is parked is in hand"
        go_on.set()
        wait_until(lambda: sorted(done) == [*range(1, 21), 100, 101, 102])
        wait_until(lambda: pool.offer([20]) == 1)
