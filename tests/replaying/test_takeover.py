"""Drivers may die, stall, or be many: every letter is replayed once."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from domain import operators
from tests.operations import people
from tests.replaying.pile import (
    acts,
    drive,
    driver,
    frozen,
    items,
    look,
    pile,
    replayed_most_often,
    statuses,
)
from tests.workers.processes import RELAY, Process
from tests.workers.scene import wait_until
from workers.database import Database
from workers.replaying import driving, steering
from workers.replaying.driving import ReplayThread
from workers.replaying.stepping import Driver, step
from workers.store import replays

if TYPE_CHECKING:
    from tests.workers.scene import Scene
    from workers.replaying.steering import Turn

COMMAND = ("-c", "from workers.operations.cli import main; main()")


def dies_in_hand(scene: Scene, replay_id: int) -> None:
    """Begin the next letters and apply none of them, as a driver that is killed right then."""
    dead = Database(scene.url, name="dead driver")
    scene.execute("ALTER TABLE claims ADD CONSTRAINT nobody_claims CHECK (false) NOT VALID")
    with pytest.raises(Exception, match="nobody_claims"):
        step(Driver(dead, driving.name()), replay_id)
    scene.execute("ALTER TABLE claims DROP CONSTRAINT nobody_claims")
    dead.close()


def let_the_lease_run_out(scene: Scene) -> None:
    scene.execute("UPDATE replay_jobs SET heartbeat_at = heartbeat_at - interval '1 min'")
    scene.execute("UPDATE replay_items SET begun_at = begun_at - interval '1 min'")


@pytest.mark.parametrize("lease_s", [0.0, 10.0])
def test_many_drivers_at_once_never_replay_a_letter_twice(scene: Scene, lease_s: float) -> None:
    """With a lease of no time they take the replay out of each other's hands at every step."""
    pile(scene, 200, unreadable=[150])
    made = frozen(scene)

    def work(_: int) -> None:
        while look(scene, made.replay_id).status == "running":
            drive(scene, made.replay_id, lease_s=lease_s)

    scene.at_once(4, work)
    job = look(scene, made.replay_id)

    assert (job.status, job.succeeded, job.failed, job.skipped) == ("done", 199, 1, 0)
    assert items(scene, made.replay_id) == {"succeeded": 199, "failed": 1}
    assert replayed_most_often(scene) == 1
    assert (scene.top_ups(), scene.credit()) == (199, 199_000)
    assert job.ledger_diff == {"NGN": 199_000}
    assert acts(scene, made.replay_id) == ["made", "started", "canary_passed", "done"]


def test_replays_of_the_same_letters_at_once_share_them(scene: Scene) -> None:
    pile(scene, 120)
    made = [frozen(scene) for _ in range(3)]

    scene.at_once(3, lambda number: drive(scene, made[number].replay_id))
    jobs = [look(scene, each.replay_id) for each in made]

    assert [job.status for job in jobs] == ["done"] * 3
    assert sum(job.succeeded for job in jobs) == 120
    assert sum(job.skipped for job in jobs) == 240
    assert replayed_most_often(scene) == 1
    assert sum(job.ledger_diff.get("NGN", 0) for job in jobs) == scene.credit() == 120_000


def test_nobody_takes_a_replay_from_a_driver_that_lives(scene: Scene) -> None:
    pile(scene, 12)
    made = frozen(scene)
    first, other = driver(scene), driver(scene)

    step(first, made.replay_id)
    refused = step(other, made.replay_id)
    let_the_lease_run_out(scene)
    taken = step(other, made.replay_id)
    late = step(first, made.replay_id)

    assert [refused.is_ours, taken.is_ours, late.is_ours] == [False, True, False]


def test_letters_that_a_dead_driver_had_begun_are_applied_by_the_next_one(scene: Scene) -> None:
    pile(scene, 3)
    made = frozen(scene)
    dies_in_hand(scene, made.replay_id)
    begun = items(scene, made.replay_id)

    let_the_lease_run_out(scene)
    job = drive(scene, made.replay_id)

    assert begun == {"begun": 3}
    assert (job.status, job.succeeded, job.ledger_diff) == ("done", 3, {"NGN": 3_000})
    assert replayed_most_often(scene) == 1
    assert scene.top_ups() == 3


def test_letters_that_a_dead_driver_had_applied_are_counted_by_the_next_one(
    scene: Scene,
) -> None:
    pile(scene, 3)
    made = frozen(scene)
    dies_in_hand(scene, made.replay_id)
    scene.drain()

    let_the_lease_run_out(scene)
    job = drive(scene, made.replay_id)

    assert (job.status, job.succeeded, job.ledger_diff) == ("done", 3, {"NGN": 3_000})
    assert scene.top_ups() == 3


def test_a_driver_that_gives_a_replay_out_of_hand_is_followed_at_once(scene: Scene) -> None:
    pile(scene, 12)
    made = frozen(scene)
    first = driver(scene)
    step(first, made.replay_id)

    with scene.database.transaction() as tx:
        replays.release(tx, made.replay_id, worker="somebody else")
        before = replays.drivable(tx, worker="another", lease_s=10.0, limit=5)
        replays.release(tx, made.replay_id, worker=first.name)
        after = replays.drivable(tx, worker="another", lease_s=10.0, limit=5)

    assert (before, after) == ([], [made.replay_id])


def test_a_command_that_is_killed_in_the_middle_is_finished_by_the_relay(
    scene: Scene, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both are real processes; only the time that the lease takes to run out is made short."""
    monkeypatch.setenv("PAYRATCHET_OPERATOR_TOKEN", people.appoint(scene.url, "ada"))
    monkeypatch.setenv("COLUMNS", "80")
    pile(scene, 300)
    words = ("dead-letters", "replay", "--all", "--yes", "--rate", "40", "--reason", "mended")

    with Process((*COMMAND, *words), scene.url, redis_url) as command:
        wait_until(lambda: scene.top_ups() > 10)
        command.kill()
    [[replay_id]] = scene.rows("SELECT id FROM replay_jobs")
    killed = look(scene, replay_id)
    let_the_lease_run_out(scene)
    scene.execute("UPDATE replay_jobs SET rate_per_s = 2000")
    with Process(RELAY, scene.url, redis_url) as relay:
        wait_until(lambda: look(scene, replay_id).status != "running")
        assert relay.terminate() == 0, relay.said()
    job = look(scene, replay_id)

    assert (killed.status, killed.actor) == ("running", operators.actor_of("ada"))
    assert killed.succeeded < 300
    assert (job.status, job.succeeded, job.ledger_diff) == ("done", 300, {"NGN": 300_000})
    assert (scene.top_ups(), scene.credit(), replayed_most_often(scene)) == (300, 300_000, 1)
    assert statuses(scene) == {"resolved": 300}
    assert scene.owed() == []


def test_a_driver_is_named_so_that_nobody_else_has_its_name() -> None:
    names = {driving.name() for _ in range(100)}

    assert len(names) == 100
    assert all(f":{os.getpid()}:" in name for name in names)


@pytest.mark.parametrize("to", [steering.CANCEL, steering.PAUSE])
def test_letters_in_the_hand_of_a_dead_driver_end_though_nobody_goes_on_with_their_replay(
    scene: Scene, to: Turn
) -> None:
    pile(scene, 3)
    made = frozen(scene)
    dies_in_hand(scene, made.replay_id)

    steering.steer(scene.database, made.replay_id, to, actor="operator:ada", reason="stop")
    relay = ReplayThread(scene.database)
    relay.turn()
    held = items(scene, made.replay_id)
    let_the_lease_run_out(scene)
    relay.turn()
    relay.turn()

    job = look(scene, made.replay_id)
    assert held == {"begun": 3}
    assert items(scene, made.replay_id) == {"succeeded": 3}
    assert (job.status, job.succeeded, job.ledger_diff) == (to.to_status, 3, {"NGN": 3_000})
    assert statuses(scene) == {"resolved": 3}
    assert scene.value("SELECT ended_at IS NOT NULL FROM replay_jobs") is to.is_end


def test_what_was_cancelled_before_anything_was_in_hand_has_ended_at_once(scene: Scene) -> None:
    pile(scene, 3)
    made = frozen(scene)

    steering.steer(
        scene.database, made.replay_id, steering.CANCEL, actor="operator:ada", reason="stop"
    )

    assert scene.value("SELECT ended_at IS NOT NULL FROM replay_jobs")
    with scene.database.transaction() as tx:
        assert replays.drivable(tx, worker="another", lease_s=0.0, limit=5) == []


def test_a_paused_replay_with_nothing_in_hand_is_left_alone(scene: Scene) -> None:
    pile(scene, 12)
    made = frozen(scene)
    step(driver(scene), made.replay_id)

    steering.steer(
        scene.database, made.replay_id, steering.PAUSE, actor="operator:ada", reason="look"
    )

    with scene.database.transaction() as tx:
        assert replays.drivable(tx, worker="another", lease_s=0.0, limit=5) == []
