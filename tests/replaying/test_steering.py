"""People steer a replay while it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.replaying.pile import (
    ADA,
    acts,
    drive,
    driver,
    frozen,
    items,
    look,
    pile,
    statuses,
)
from tests.workers.scene import wait_until
from workers.replaying import steering
from workers.replaying.driving import ReplayThread
from workers.replaying.errors import ReplayNotSteerable, ReplayUnknown
from workers.replaying.stepping import step

if TYPE_CHECKING:
    from tests.workers.scene import Scene
    from workers.replaying.steering import Turn


def turn(scene: Scene, replay_id: int, to: Turn) -> None:
    steering.steer(scene.database, replay_id, to, actor=ADA, reason="a look first")


def test_a_replay_that_is_paused_begins_no_further_letter_until_it_is_resumed(
    scene: Scene,
) -> None:
    pile(scene, 30)
    made = frozen(scene, canary=5)
    ours = driver(scene)
    step(ours, made.replay_id)

    turn(scene, made.replay_id, steering.PAUSE)
    idle = step(ours, made.replay_id)
    paused = items(scene, made.replay_id)
    turn(scene, made.replay_id, steering.RESUME)
    job = drive(scene, made.replay_id)

    assert (idle.is_ours, idle.begun, paused) == (False, 0, {"succeeded": 5, "waiting": 25})
    assert (job.status, job.succeeded) == ("done", 30)
    assert acts(scene, made.replay_id) == [
        *("made", "started", "canary_passed", "paused", "resumed", "done"),
    ]


def test_a_replay_that_is_cancelled_leaves_the_rest_open_for_good(scene: Scene) -> None:
    pile(scene, 30)
    made = frozen(scene, canary=5)
    step(driver(scene), made.replay_id)

    turn(scene, made.replay_id, steering.CANCEL)
    job = drive(scene, made.replay_id)

    assert (job.status, job.succeeded) == ("cancelled", 5)
    assert statuses(scene) == {"resolved": 5, "open": 25}
    assert scene.value("SELECT why FROM replay_jobs") == f"cancelled by {ADA}: a look first"
    for again in (steering.PAUSE, steering.RESUME, steering.CANCEL):
        with pytest.raises(ReplayNotSteerable):
            turn(scene, made.replay_id, again)


@pytest.mark.parametrize("to", [steering.PAUSE, steering.CANCEL])
def test_whoever_steers_while_it_runs_is_obeyed_and_every_letter_is_counted(
    scene: Scene, to: Turn
) -> None:
    """The driver's last letters are in hand at that moment; they are brought to their end."""
    pile(scene, 400)
    made = frozen(scene, rate_per_s=80, canary=0)

    def work(number: int) -> None:
        if number == 0:
            drive(scene, made.replay_id)
            return
        wait_until(lambda: look(scene, made.replay_id).succeeded >= 20)
        turn(scene, made.replay_id, to)

    scene.at_once(2, work)
    job = look(scene, made.replay_id)

    assert job.status == to.to_status
    assert 20 <= job.succeeded < 400
    assert items(scene, made.replay_id) == {
        "succeeded": job.succeeded,
        "waiting": 400 - job.succeeded,
    }
    assert statuses(scene) == {"resolved": job.succeeded, "open": 400 - job.succeeded}
    assert scene.top_ups() == job.succeeded


def test_the_relay_goes_on_with_what_was_resumed(scene: Scene) -> None:
    pile(scene, 5)
    made = frozen(scene, worker="somebody else, who lives")
    relay = ReplayThread(scene.database)
    relay.turn()
    held = items(scene, made.replay_id)

    turn(scene, made.replay_id, steering.PAUSE)
    relay.turn()
    paused = items(scene, made.replay_id)
    turn(scene, made.replay_id, steering.RESUME)
    relay.turn()

    assert held == paused == {"waiting": 5}
    assert look(scene, made.replay_id).status == "done"


def test_there_must_be_such_a_replay(scene: Scene) -> None:
    with pytest.raises(ReplayUnknown):
        turn(scene, 17, steering.PAUSE)
