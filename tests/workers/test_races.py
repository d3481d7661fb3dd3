"""Many workers at once: every thread has a connection of its own and begins at one barrier."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.workers.scene import WAIT_S, body, capture, refund, wait_until
from workers import columns
from workers.store import inbox, payments

if TYPE_CHECKING:
    from tests.workers.scene import Scene

RIVALS = 8
COPIES = 200
WORKERS = 64


def test_two_hundred_applications_of_one_event_make_one_credit(scene: Scene) -> None:
    scene.announce("p1")
    event_id = scene.receive(capture("p1"))

    def apply_often(_: int) -> None:
        for _again in range(COPIES // RIVALS):
            scene.apply(event_id)

    scene.at_once(RIVALS, apply_often)

    assert (scene.credit(), scene.top_ups(), scene.version("p1")) == (1_000, 1, 1)
    assert scene.value("SELECT count(*) FROM ledger_entries") == 2
    assert scene.attempts(event_id) == []


def test_two_hundred_events_of_one_capture_make_one_credit(scene: Scene) -> None:
    """As when a provider gives every copy a new id: only the facts can tell that they are one."""
    scene.announce("p1")
    events = [scene.receive(capture("p1")) for _ in range(COPIES)]

    scene.at_once(RIVALS, lambda number: scene.apply(*events[number::RIVALS]))
    scene.drain()

    assert (scene.credit(), scene.top_ups(), scene.version("p1")) == (1_000, 1, 1)
    assert scene.letters() == []


def test_sixty_four_workers_on_one_payment_lose_nothing(scene: Scene) -> None:
    scene.announce("p1", amount_minor=6_300)
    before = _deadlocks(scene)
    contents = [capture("p1", 6_300)]
    contents += [refund("p1", 100, f"R{number}") for number in range(WORKERS - 1)]
    events = [scene.receive(content) for content in contents]

    scene.at_once(WORKERS, lambda number: scene.apply(events[number]))
    scene.drain()

    assert scene.state("p1") == "refunded"
    assert scene.sums("p1") == (6_300, 6_300, 0)
    assert scene.credit() == 0
    assert scene.version("p1") == len(scene.steps("p1"))
    assert scene.value("SELECT count(*) FROM payment_facts") == WORKERS
    assert _deadlocks(scene) == before
    assert scene.letters() == []


def test_workers_with_the_same_payments_and_customers_never_deadlock(scene: Scene) -> None:
    """Every worker has all payments and customers in its batch, each in another order."""
    references = [f"p{number:02}" for number in range(12)]
    for number, reference in enumerate(references):
        scene.announce(reference, customer_id=f"customer {number % 4}")
    before = _deadlocks(scene)
    rounds = [[capture(reference) for reference in references]]
    rounds += [[refund(each, 100, f"R{n}") for each in references] for n in range(RIVALS - 1)]
    batches = []
    for number, contents in enumerate(rounds):
        random.Random(number).shuffle(contents)
        batches.append([scene.receive(content) for content in contents])

    scene.at_once(RIVALS, lambda number: scene.apply(*batches[number]))
    scene.drain()

    assert {scene.state(reference) for reference in references} == {"partially_refunded"}
    assert [scene.credit(f"customer {number}") for number in range(4)] == [900] * 4
    assert _deadlocks(scene) == before
    assert scene.letters() == []


def _deadlocks(scene: Scene) -> int:
    scene.execute("SELECT pg_stat_force_next_flush()")
    count: int = scene.value(
        "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    )
    return count


def test_concurrent_credits_of_one_customer_end_in_the_exact_balance(scene: Scene) -> None:
    references = [f"p{number}" for number in range(40)]
    scene.announce(*references)
    events = [scene.receive(capture(reference)) for reference in references]

    scene.at_once(RIVALS, lambda number: scene.apply(*events[number::RIVALS]))
    scene.drain()

    assert scene.credit() == 40_000
    assert scene.rows(
        "SELECT customer_version, balance_after_minor FROM sms_transactions ORDER BY id"
    ) == [(version, version * 1_000) for version in range(1, 41)]


def test_the_same_unclaimed_money_told_at_once_is_held_once(scene: Scene) -> None:
    events = [scene.receive(capture("p1")) for _ in range(RIVALS)]

    scene.at_once(RIVALS, lambda number: scene.apply(events[number]))
    scene.drain()

    assert scene.account("suspense") == 1_000


def test_a_payment_is_locked_while_it_is_decided_about(scene: Scene) -> None:
    """Two transactions read one payment; the second must wait for the first to have written."""
    scene.announce("p1")
    with scene.database.transaction() as tx:
        payments.lock(tx, ["p1"])
        with psycopg.connect(scene.url) as other:
            columns.teach(other)
            other.execute("SET LOCAL lock_timeout = '50ms'")
            with pytest.raises(psycopg.errors.LockNotAvailable):
                payments.lock(other, ["p1"])


def test_rows_that_refer_to_a_locked_payment_may_come_meanwhile(scene: Scene) -> None:
    """A foreign key would make them wait for FOR UPDATE, though not for FOR NO KEY UPDATE."""
    scene.announce("p1")
    with scene.database.transaction() as tx:
        payments.lock(tx, ["p1"])
        with psycopg.connect(scene.url) as other:
            other.execute("SET LOCAL lock_timeout = '50ms'")
            other.execute(
                "INSERT INTO payment_facts (payment_id, kind, object_id, status, event_id)"
                " SELECT id, 'initialized', 'I1', 'known', 1 FROM payment_logs"
            )


def test_an_event_in_the_hands_of_another_worker_is_left_to_it(scene: Scene) -> None:
    scene.announce("p1", "p2")
    taken, free = scene.receive(capture("p1")), scene.receive(capture("p2"))
    with psycopg.connect(scene.url) as other:
        columns.teach(other)
        assert [work.event_id for work in inbox.lock(other, [taken])] == [taken]

        tally = scene.apply(taken, free)

    assert tally == {"applied": 1}
    assert scene.owed() == [taken]


def test_an_announcement_between_event_and_event_is_noticed(scene: Scene) -> None:
    """Events come before, while and after their payment is announced by another process."""
    references = [f"p{number}" for number in range(RIVALS)]
    events = [scene.receive(capture(reference)) for reference in references]

    def announce_or_apply(number: int) -> None:
        if number == 0:
            scene.announce(*references)
        else:
            scene.apply(*events[number - 1 :: RIVALS - 1])

    scene.at_once(RIVALS, announce_or_apply)
    wait_until(lambda: not scene.heal() and _all_closed(scene), within_s=WAIT_S)

    assert scene.credit() == 1_000 * RIVALS
    assert scene.account("suspense") == 0


def _all_closed(scene: Scene) -> bool:
    return all(status == "resolved" for _, _, status in scene.letters())


def test_one_payment_may_be_announced_by_many_at_once(scene: Scene) -> None:
    scene.at_once(RIVALS, lambda _: scene.announce("p1", "p2", "p3"))

    assert scene.rows("SELECT reference FROM payment_logs ORDER BY id") == [
        ("p1",),
        ("p2",),
        ("p3",),
    ]


def test_two_accounts_may_learn_their_world_at_once(scene: Scene) -> None:
    events = [
        scene.receive(body("x", None, livemode=True), account=f"account {number % 3}")
        for number in range(3 * RIVALS)
    ]

    before = _deadlocks(scene)

    scene.at_once(RIVALS, lambda number: scene.apply(*events[number::RIVALS]))

    assert _deadlocks(scene) == before
    assert scene.rows("SELECT count(*), min(mode), max(mode) FROM source_modes") == [
        (3, "live", "live")
    ]
