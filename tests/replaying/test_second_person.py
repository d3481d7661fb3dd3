"""No way round the second person: what an act would move counts, not what somebody says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from domain.money_limit import MoneyLimit
from tests.replaying.pile import ADA, NO_LIMIT, frozen, look, pile
from tests.workers.scene import capture, refund
from workers.replaying.again import EventNotReplayable, try_again
from workers.replaying.edits import Edit, edit
from workers.store import letter_acts

if TYPE_CHECKING:
    from tests.workers.scene import Scene

LIMIT = MoneyLimit(500)


def test_an_edit_that_names_little_and_moves_much_needs_a_second_person(scene: Scene) -> None:
    scene.announce("p1")
    scene.hear(capture("p1"), refund("p1", 1_000))
    [stray] = scene.hear(capture("nobody", 1))
    undone = refund("p1", 1, status="failed")

    done = edit(
        scene.database, Edit(scene.letter_id(stray), undone, ADA, "it failed"), limit=LIMIT
    )

    assert done.became == "waiting_approval"
    assert (scene.credit(), scene.state("p1")) == (0, "refunded")
    assert scene.rows("SELECT amount_minor, currency FROM approvals") == [(1_000, "NGN")]


def test_an_event_that_was_let_go_is_not_tried_again_past_its_letter(scene: Scene) -> None:
    pile(scene, 1)
    with scene.database.transaction() as tx:
        letter_acts.discard(tx, [1], actor=ADA, reason="forget it")

    with pytest.raises(EventNotReplayable, match="reopen 1"):
        try_again(scene.database, [1], actor=ADA, reason="on second thoughts", limit=NO_LIMIT)

    assert scene.credit() == 0


def test_an_ignored_event_that_would_move_much_now_is_not_tried_by_one_person(
    scene: Scene,
) -> None:
    pile(scene, 1)
    scene.execute("TRUNCATE dead_letters, replay_items, event_edits, dead_letter_actions CASCADE")

    with pytest.raises(EventNotReplayable, match="1000 NGN"):
        try_again(scene.database, [1], actor=ADA, reason="after the upgrade", limit=LIMIT)
    refused = (scene.credit(), scene.owed())
    done = try_again(scene.database, [1], actor=ADA, reason="upgraded", limit=MoneyLimit(1_000))

    assert refused == (0, [])
    assert (done.became, scene.credit()) == ([(1, "applied")], 1_000)


@pytest.mark.parametrize("reason", ["exhausted", "crash_loop", "schema"])
def test_letters_of_which_no_amount_is_known_are_weighed_by_what_they_are_about(
    scene: Scene, reason: str
) -> None:
    """What could not be read when it died may be readable by now: that is why it is replayed."""
    pile(scene, 2, reason=reason)
    scene.execute("UPDATE dead_letters SET amount_minor = NULL, currency = NULL, reference = NULL")

    made = frozen(scene, limit=MoneyLimit(1_999))

    assert made.approval_id is not None
    assert look(scene, made.replay_id).status == "waiting_approval"
    assert scene.rows("SELECT amounts_minor FROM replay_jobs") == [({"NGN": 2_000},)]


def test_a_letter_that_nobody_can_weigh_is_replayed_without_an_amount(scene: Scene) -> None:
    scene.hear(b"{}")

    made = frozen(scene, limit=MoneyLimit(0))

    assert made.approval_id is None
    assert scene.rows("SELECT amounts_minor FROM replay_jobs") == [({},)]
