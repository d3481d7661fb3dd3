"""An edit moves what was weighed when it was made; what has grown since is weighed anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.editing import edited
from domain.money_limit import MoneyLimit
from tests.replaying.pile import ADA, drive, frozen, look
from tests.workers.scene import capture, refund
from workers import approving
from workers.performers import PERFORMERS
from workers.replaying.edits import Edit, Edited, edit
from workers.store.letter_filters import Wanted
from workers.verify import verify

if TYPE_CHECKING:
    from tests.workers.scene import Scene

LITTLE = MoneyLimit(500)
BROKEN = "RAISE EXCEPTION 'broken'"


def harmless_first(scene: Scene) -> Edited:
    """Edit a stray event so that it gives back a refund of 10.00, while nothing can be changed."""
    scene.announce("p1")
    scene.hear(capture("p1"), refund("p1", 1_000))
    [stray] = scene.hear(capture("nobody", 1))
    undone = refund("p1", 1, status="failed")
    scene.break_for("p1", BROKEN)
    made = edit(scene.database, Edit(scene.letter_id(stray), undone, ADA, "it failed"),
                limit=LITTLE)  # fmt: skip
    scene.mend()
    return made


def test_an_edit_that_was_harmless_when_it_was_made_moves_no_more_later(scene: Scene) -> None:
    made = harmless_first(scene)

    scene.drain()

    assert made.became == "owed"
    assert (scene.credit(), scene.state("p1")) == (0, "refunded")
    assert scene.letters()[-1] == (made.event_id, "permanent", "open")
    [message] = scene.rows("SELECT message FROM dead_letters WHERE event_id = %s", [made.event_id])
    assert "it would move 10.00 NGN now, and 0.01 NGN when it was edited" in message[0]
    assert verify(scene.database).ok


def test_replaying_it_weighs_it_anew_and_asks_a_second_person(
    scene: Scene, second_person: str
) -> None:
    made = harmless_first(scene)
    scene.drain()
    assert made.event_id is not None
    letter = Wanted(ids=(scene.letter_id(made.event_id),))

    asked = frozen(scene, letter, limit=LITTLE)
    assert asked.approval_id is not None
    before = scene.credit()
    approving.approve(
        scene.database,
        asked.approval_id,
        actor=second_person,
        reason="the provider says so",
        performers=PERFORMERS,
    )
    job = drive(scene, asked.replay_id)

    assert scene.rows("SELECT amounts_minor FROM replay_jobs") == [({"NGN": 1_000},)]
    assert (before, job.status, job.succeeded, scene.credit()) == (0, "done", 1, 1_000)
    assert verify(scene.database).ok


def test_whoever_may_move_so_much_replays_it_alone(scene: Scene) -> None:
    made = harmless_first(scene)
    scene.drain()
    assert made.event_id is not None

    again = frozen(scene, Wanted(ids=(scene.letter_id(made.event_id),)))
    job = drive(scene, again.replay_id)

    assert (look(scene, again.replay_id).status, job.succeeded, scene.credit()) == (
        "done",
        1,
        1_000,
    )


def test_an_edit_that_fails_for_a_while_still_moves_what_it_claims(scene: Scene) -> None:
    scene.announce("p1")
    wrong = capture("p1x", 1_000, "T1")
    [event_id] = scene.hear(wrong)
    scene.break_for("p1", BROKEN)
    right = edited(wrong, [("data.reference", "p1")])
    made = edit(scene.database, Edit(scene.letter_id(event_id), right, ADA, "mistyped"))
    scene.mend()

    scene.drain()

    assert made.became == "owed"
    assert (scene.state("p1"), scene.credit()) == ("completed", 1_000)
