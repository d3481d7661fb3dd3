"""A replay step by step: the canary, the bounds, the rate, and what they leave alone."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from domain.commands import Command, CommandKind
from domain.wakeup import Lane
from tests.replaying.pile import (
    AMOUNT_MINOR,
    acts,
    break_all,
    drive,
    driver,
    frozen,
    items,
    look,
    pile,
    replayed_most_often,
    statuses,
)
from tests.workers.scene import PROVIDER, capture, refund
from workers.commands import enqueue
from workers.replaying import judging
from workers.replaying.limits import canary_of, failures_of
from workers.replaying.stepping import step
from workers.store.letter_filters import Wanted
from workers.store.replays import Job
from workers.verify import verify

if TYPE_CHECKING:
    from tests.workers.scene import Scene

DRILL = 10_000


def test_a_canary_that_fails_aborts_ten_thousand_letters_and_touches_no_other(
    scene: Scene,
) -> None:
    """The drill: the cause is not gone after all, and one letter is all that is tried."""
    pile(scene, DRILL, unreadable=[1])
    made = frozen(scene)

    job = drive(scene, made.replay_id)

    assert (job.status, job.matched, job.succeeded, job.failed) == ("aborted", DRILL, 0, 1)
    assert items(scene, made.replay_id) == {"failed": 1, "waiting": DRILL - 1}
    assert scene.value("SELECT why FROM replay_jobs") == "canary_failed: 1 of the first 1 failed"
    assert acts(scene, made.replay_id) == ["made", "started", "aborted"]
    assert statuses(scene) == {"open": DRILL}
    assert scene.actions(1) == ["died", "replayed", "died_again"]
    assert scene.value("SELECT count(*) FROM dead_letter_actions WHERE action <> 'died'") == 2
    assert scene.value("SELECT count(*) FROM payment_transitions") == 0
    assert scene.value("SELECT count(*) FROM ledger_entries") == 0
    assert scene.value("SELECT count(*) FROM attempts") == 1
    assert scene.owed() == []


def test_a_group_goes_through_after_its_canary_and_says_what_it_credited(scene: Scene) -> None:
    pile(scene, 300)

    made = frozen(scene)
    job = drive(scene, made.replay_id)

    assert (job.status, job.succeeded, job.failed) == ("done", 300, 0)
    assert job.ledger_diff == {"NGN": 300 * AMOUNT_MINOR}
    assert scene.credit() == 300 * AMOUNT_MINOR
    assert acts(scene, made.replay_id) == ["made", "started", "canary_passed", "done"]
    assert statuses(scene) == {"resolved": 300}
    assert verify(scene.database).ok


def test_nothing_but_the_canary_is_begun_until_all_of_it_went_through(scene: Scene) -> None:
    pile(scene, 40)
    made = frozen(scene, canary=3)
    ours = driver(scene)

    first = step(ours, made.replay_id)
    between = items(scene, made.replay_id)
    second = step(ours, made.replay_id)

    assert (first.begun, between) == (3, {"succeeded": 3, "waiting": 37})
    assert second.begun == failures_of(40) + 1


def test_a_canary_of_letters_that_are_closed_proves_nothing_and_others_take_their_place(
    scene: Scene,
) -> None:
    pile(scene, 20, unreadable=[3])
    made = frozen(scene, canary=2)
    scene.execute("UPDATE dead_letters SET status = 'discarded' WHERE id <= 2")

    job = drive(scene, made.replay_id)

    assert (job.status, job.skipped, job.succeeded, job.failed) == ("aborted", 2, 1, 1)


@pytest.mark.parametrize(("most", "status", "failed"), [(4, "aborted", 5), (5, "done", 5)])
def test_a_replay_is_aborted_by_the_first_failure_above_its_bound_and_not_before(
    scene: Scene, most: int, status: str, failed: int
) -> None:
    pile(scene, 60, unreadable=range(11, 16))

    job = drive(scene, frozen(scene, max_failures=most).replay_id)

    assert (job.status, job.failed) == (status, failed)
    assert statuses(scene)["open"] >= 5
    if status == "aborted":
        assert job.succeeded < 60 - 5


def test_never_more_than_one_letter_fails_above_the_bound_even_if_all_do(scene: Scene) -> None:
    pile(scene, 200, unreadable=range(2, 201))

    job = drive(scene, frozen(scene, max_failures=7).replay_id)

    assert (job.status, job.succeeded, job.failed) == ("aborted", 1, 8)
    assert replayed_most_often(scene) == 1
    assert scene.value("SELECT count(*) FROM attempts") == 8


def test_letters_named_one_by_one_are_all_tried_whatever_becomes_of_others(scene: Scene) -> None:
    pile(scene, 30, unreadable=range(1, 16))
    ids = tuple(range(1, 31))

    job = drive(scene, frozen(scene, Wanted(ids=ids), canary=0, max_failures=30).replay_id)

    assert (job.status, job.succeeded, job.failed) == ("done", 15, 15)


def test_what_is_tried_again_later_has_failed_for_now_and_says_so(scene: Scene) -> None:
    pile(scene, 2)
    break_all(scene)

    made = frozen(scene)
    job = drive(scene, made.replay_id)

    assert (job.status, job.failed) == ("done", 2)
    messages = {row[0] for row in scene.rows("SELECT message FROM replay_items")}
    assert messages == {"it is tried again later: broken"}
    assert len(scene.owed()) == 2
    scene.mend()
    scene.drain()
    assert statuses(scene) == {"resolved": 2}


def test_a_poison_event_is_healed_as_a_group_after_the_release_that_mends_it(
    scene: Scene,
) -> None:
    """The drill: live events die of a faulty release, which is mended, and one replay heals all."""
    scene.announce(*(f"p{n}" for n in range(1, 31)))
    break_all(scene)
    events = [scene.receive(capture(f"p{n}")) for n in range(1, 31)]
    for _ in range(5):
        scene.apply(*events)
    [cause] = {row[0] for row in scene.rows("SELECT fingerprint FROM dead_letters")}

    early = drive(scene, frozen(scene, Wanted(fingerprint=cause)).replay_id)
    scene.mend()
    scene.drain()
    late = drive(scene, frozen(scene, Wanted(fingerprint=cause)).replay_id)

    assert (early.status, early.failed, early.succeeded) == ("aborted", 1, 0)
    assert (late.status, late.failed, late.succeeded) == ("done", 0, 29)
    assert (scene.credit(), scene.top_ups()) == (30_000, 30)
    assert statuses(scene) == {"resolved": 30}


def test_its_rate_is_kept(scene: Scene) -> None:
    pile(scene, 20)
    made = frozen(scene, rate_per_s=40, canary=0)

    began_s = time.monotonic()
    drive(scene, made.replay_id)

    assert time.monotonic() - began_s >= (20 - (failures_of(20) + 1)) / 40


def test_a_command_is_left_to_those_who_may_ask_providers(scene: Scene) -> None:
    scene.announce("p1")
    command = Command(CommandKind.VERIFY, PROVIDER, "default", "p1", "client:shop", "n1")
    with scene.database.transaction() as tx:
        [event_id] = enqueue(tx, [command], request_id="r")
    scene.apply(event_id)
    scene.execute(
        "INSERT INTO dead_letters (event_id, received_at, source, account, event_type, reason,"
        " error_class, fingerprint, message, attempts) SELECT id, received_at, source, account,"
        " 'verify', 'expired', 'E', 'f', 'm', 1 FROM inbound_events WHERE id = %s",
        [event_id],
    )
    scene.execute("DELETE FROM inbound_work")

    job = drive(scene, frozen(scene).replay_id, wait_s=0.2)

    assert (job.status, job.failed) == ("done", 1)
    assert scene.rows("SELECT event_id, lane FROM inbound_work") == [(event_id, Lane.CALLS)]
    assert "goes on by itself" in scene.value("SELECT message FROM replay_items")


def test_what_killed_its_workers_is_replayed_in_a_process_of_its_own(scene: Scene) -> None:
    pile(scene, 1, reason="crash_loop")
    pile(scene, 1, first=2)

    job = drive(scene, frozen(scene).replay_id, wait_s=0.2)

    assert (job.succeeded, job.failed) == (1, 1)
    assert scene.rows("SELECT event_id, lane FROM inbound_work") == [(1, Lane.QUARANTINE)]
    assert (scene.state("p1"), scene.state("p2")) == ("pending", "completed")


def test_what_a_replay_took_back_from_customers_is_in_its_sum(scene: Scene) -> None:
    scene.announce("p1", "p2")
    scene.hear(capture("p1"))
    break_all(scene)
    events = [scene.receive(refund("p1", 400)), scene.receive(capture("p2"))]
    for _ in range(5):
        scene.apply(*events)
    scene.mend()

    job = drive(scene, frozen(scene).replay_id)

    assert job.ledger_diff == {"NGN": 600}
    assert scene.credit() == 1_600


def test_repeating_a_replay_of_the_same_letters_changes_nothing(scene: Scene) -> None:
    pile(scene, 15)
    wanted = Wanted(ids=tuple(range(1, 16)))

    first = drive(scene, frozen(scene, wanted).replay_id)
    again = drive(scene, frozen(scene, wanted).replay_id)

    assert (first.succeeded, again.succeeded, again.skipped) == (15, 0, 15)
    assert again.ledger_diff == {}
    assert (scene.credit(), scene.top_ups()) == (15_000, 15)


def test_usual_bounds_grow_with_the_group() -> None:
    assert [canary_of(n) for n in (1, 10, 11, 10_000)] == [0, 0, 1, 1]
    assert [failures_of(n) for n in (1, 50, 60, 10_000)] == [5, 5, 6, 1_000]


def test_a_job_that_is_driven_by_nobody_stands_as_it_was_made(scene: Scene) -> None:
    pile(scene, 1)

    job = look(scene, frozen(scene).replay_id)

    assert (job.status, job.matched, job.ended) == ("running", 1, 0)


def test_letters_in_hand_count_against_the_bound_before_they_have_failed() -> None:
    job = Job(1, "a", "r", "running", 100, 2_000, 0, 5, 0, 3, 0, {})

    assert [judging.room(job, in_hand=n) for n in (0, 2, 3, 50)] == [3, 1, 0, 0]
    assert judging.room(job._replace(canary=2), in_hand=1) == 1
    assert judging.end(job._replace(failed=5), in_hand=0) is None
    assert judging.end(job._replace(failed=6), in_hand=4) is not None
    assert judging.end(job._replace(succeeded=97), in_hand=1) is None
    assert judging.end(job._replace(succeeded=97), in_hand=0) == judging.End("done", None)
