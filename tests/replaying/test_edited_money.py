"""Money that waited in suspense for the payment that an edit names is in the books once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from domain.editing import edited
from tests.replaying.pile import ADA, NO_LIMIT
from tests.workers.scene import capture
from workers.replaying.edits import Edit, edit
from workers.verify import verify

if TYPE_CHECKING:
    from tests.workers.scene import Scene

CLEARING = "provider_clearing:standard-webhooks"


@pytest.mark.parametrize("said_minor", [1_000, 999])
def test_what_was_held_for_nobody_is_released_when_an_edit_says_whose_it_is(
    scene: Scene, said_minor: int
) -> None:
    scene.announce("p1")
    wrong = capture("p1x", said_minor, "T1")
    [event_id] = scene.hear(wrong)
    held = (scene.account("suspense"), scene.account(CLEARING))
    right = edited(wrong, [("data.reference", "p1"), ("data.amount_minor", 1_000)])

    done = edit(
        scene.database,
        Edit(scene.letter_id(event_id), right, ADA, "it was mistyped"),
        limit=NO_LIMIT,
    )

    assert held == (said_minor, -said_minor)
    assert (done.became, scene.credit()) == ("applied", 1_000)
    assert (scene.account("suspense"), scene.account(CLEARING)) == (0, -1_000)
    assert verify(scene.database).ok


def test_what_another_transaction_brought_stays_held(scene: Scene) -> None:
    scene.announce("p1")
    wrong = capture("p1x", 1_000, "T1")
    event_id, _ = scene.hear(wrong, capture("p1y", 500, "T10"))
    right = edited(wrong, [("data.reference", "p1")])

    edit(scene.database, Edit(scene.letter_id(event_id), right, ADA, "mistyped"), limit=NO_LIMIT)

    assert (scene.credit(), scene.account("suspense")) == (1_000, 500)
