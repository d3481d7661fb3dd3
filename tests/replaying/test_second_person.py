"""No way round the second person: what an act would move counts, not what somebody says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from domain.money_limit import MoneyLimit
from tests.replaying.pile import ADA, NO_LIMIT, frozen, look, pile
from tests.workers.scene import capture, refund
from workers import approving
from workers.performers import PERFORMERS
from workers.replaying.again import EventNotReplayable, try_again
from workers.replaying.edits import Edit, edit
from workers.replaying.errors import MoreMatch
from workers.store import letter_acts

if TYPE_CHECKING:
    from tests.workers.scene import Scene

LIMIT = MoneyLimit(500)


def test_an_edit_that_names_little_and_moves_much_needs_a_second_person(scene: Scene) -> None:
    scene.announce("p1")
    scene.hear(capture("p1"), refund("p1", 1_000))
    [stray] = scene.hear(capture("nobody", 1))
    undone = refund("p1", 1, status="failed")

    done = edit(scene.database, Edit(scene.letter_id(stray), undone, ADA, "it failed"), limit=LIMIT)

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
    scene.execute("UPDATE dead_letters SET status = 'resolved', resolved_at = now()")

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


def test_nothing_of_a_decision_can_be_written_over(scene: Scene, second_person: str) -> None:
    pile(scene, 1)
    made = frozen(scene, limit=MoneyLimit(0))
    assert made.approval_id is not None
    approving.reject(
        scene.database, made.approval_id, actor=second_person, reason="no", performers=PERFORMERS
    )

    for statement in (
        "UPDATE approvals SET decided_reason = 'yes'",
        "UPDATE approvals SET decided_at = now()",
        "UPDATE approvals SET result = '{}'",
        "DELETE FROM approvals",
        "TRUNCATE approvals CASCADE",
    ):
        with pytest.raises(psycopg.errors.RestrictViolation):
            scene.execute(statement)


def test_an_edit_that_would_move_more_by_now_than_was_shown_is_not_done(
    scene: Scene, second_person: str
) -> None:
    scene.announce("p1")
    scene.hear(capture("p1"), refund("p1", 600))
    [stray] = scene.hear(capture("nobody", 1))
    undone = refund("p1", 1, "R2", status="failed")
    given = Edit(scene.letter_id(stray), undone, ADA, "it failed")
    asked = edit(scene.database, given, limit=MoneyLimit(0))
    assert asked.approval_id is not None

    scene.hear(refund("p1", 400, "R2"))
    with pytest.raises(approving.ApprovalStale):
        approving.approve(
            scene.database,
            asked.approval_id,
            actor=second_person,
            reason="agreed to nothing much",
            performers=PERFORMERS,
        )

    assert (scene.credit(), scene.state("p1")) == (0, "refunded")


def test_a_group_that_grew_after_somebody_agreed_to_it_is_not_replayed(scene: Scene) -> None:
    pile(scene, 3)

    with pytest.raises(MoreMatch, match="3 letters match by now, not 2"):
        frozen(scene, matched_max=2)

    assert scene.value("SELECT count(*) FROM replay_jobs") == 0
