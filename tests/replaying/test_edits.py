"""Edit and replay: a child event, its lineage, and the original as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from domain.editing import EditRefused, edited
from domain.money_limit import MoneyLimit
from tests.replaying.pile import ADA, NO_LIMIT
from tests.replaying.tables import dump
from tests.workers.scene import capture
from workers import approving
from workers.performers import PERFORMERS
from workers.replaying.edits import Edit, Edited, LetterNotOpen, LetterUnknown, edit
from workers.store import letter_acts
from workers.verify import verify

if TYPE_CHECKING:
    from tests.workers.scene import Scene

WRONG = capture("p1x", 1_000, "T1")
"""A capture that names no payment; the sender meant p1."""

RIGHT = edited(WRONG, [("data.reference", "p1")])


def dead(scene: Scene, body: bytes = WRONG) -> int:
    """Announce p1, let a body die that should have been about it; return its letter."""
    scene.announce("p1")
    [event_id] = scene.hear(body)
    return scene.letter_id(event_id)


def change(scene: Scene, letter_id: int, body: bytes = RIGHT, **how: MoneyLimit) -> Edited:
    given = {"limit": NO_LIMIT, **how}
    return edit(scene.database, Edit(letter_id, body, ADA, "the sender mistyped it"), **given)


def test_an_edited_event_is_applied_as_a_child_and_the_original_stays(scene: Scene) -> None:
    letter_id = dead(scene)
    [parent] = scene.rows("SELECT id, body, key_id FROM inbound_events")

    done = change(scene, letter_id)

    assert (done.became, done.is_new) == ("applied", True)
    assert (scene.state("p1"), scene.credit()) == ("completed", 1_000)
    assert scene.rows(
        "SELECT body, source, account, key_id, reference FROM inbound_events WHERE id = %s",
        [done.event_id],
    ) == [(RIGHT, "standard-webhooks", "default", ADA, "p1")]
    assert scene.rows("SELECT id, body, key_id FROM inbound_events WHERE id = %s", parent[:1]) == [
        parent
    ]
    assert scene.letters() == [(parent[0], "unknown_reference", "discarded")]
    assert scene.rows(
        "SELECT action, actor, reason FROM dead_letter_actions WHERE action <> 'died' ORDER BY id"
    ) == [
        ("edited", ADA, f"edited as event {done.event_id}: the sender mistyped it"),
        ("discarded", ADA, f"edited as event {done.event_id}"),
    ]


def test_its_lineage_and_difference_are_on_record(scene: Scene) -> None:
    letter_id = dead(scene)

    done = change(scene, letter_id)

    difference = {"pointer": "/data/reference", "before": '"p1x"', "after": '"p1"'}
    assert done.diff == [difference]
    assert scene.rows(
        "SELECT child_event_id, parent_event_id, dead_letter_id, diff, actor, approved_by, reason"
        " FROM event_edits"
    ) == [(done.event_id, 1, letter_id, [difference], ADA, None, "the sender mistyped it")]


def test_the_history_says_that_a_person_moved_the_payment_and_holds(scene: Scene) -> None:
    letter_id = dead(scene)

    done = change(scene, letter_id)

    assert scene.rows("SELECT DISTINCT event_id, actor FROM payment_transitions") == [
        (done.event_id, ADA)
    ]
    assert scene.rows("SELECT event_id FROM payment_facts") == [(done.event_id,)]
    assert verify(scene.database).ok


def test_the_same_edit_again_is_the_same_child(scene: Scene) -> None:
    letter_id = dead(scene)

    first = change(scene, letter_id)
    before = dump(scene)
    again = change(scene, letter_id)

    assert (again.event_id, again.is_new, again.became) == (first.event_id, False, "applied")
    after = dump(scene)
    assert {name for name in after if after[name] != before[name]} <= {"claims"}
    assert scene.top_ups() == 1


def test_the_same_edit_at_once_is_one_child(scene: Scene) -> None:
    letter_id = dead(scene)
    done: list[int | None] = []

    scene.at_once(6, lambda _: done.append(change(scene, letter_id).event_id))

    assert len(set(done)) == 1
    assert scene.value("SELECT count(*) FROM event_edits") == 1
    assert (scene.top_ups(), scene.credit()) == (1, 1_000)


def test_another_edit_of_a_closed_letter_is_refused_until_it_is_reopened(scene: Scene) -> None:
    letter_id = dead(scene)
    scene.announce("p2")
    change(scene, letter_id)
    other = edited(WRONG, [("data.reference", "p2"), ("data.id", "T2")])

    with pytest.raises(LetterNotOpen):
        change(scene, letter_id, other)
    with scene.database.transaction() as tx:
        assert letter_acts.reopen(tx, [letter_id], actor=ADA, reason="it was two") == 1
    second = change(scene, letter_id, other)

    assert (second.became, scene.state("p2"), scene.credit()) == ("applied", "completed", 2_000)


def test_a_child_that_dies_has_a_letter_of_its_own(scene: Scene) -> None:
    letter_id = dead(scene)

    done = change(scene, letter_id, edited(RIGHT, [("data.amount_minor", 999)]))

    assert done.became == "dead"
    assert (done.message or "").startswith("mismatch: ")
    assert done.letter_id is not None
    assert done.letter_id != letter_id
    assert scene.letters()[-1] == (done.event_id, "mismatch", "open")


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (WRONG, "nothing is changed"),
        (b"{}", "could not be applied"),
        (b"no JSON", "could not be applied"),
        (b'{"type":"payment.succeeded","data":{"id":"T1","amount_minor":-5}}', "could not"),
        (b" " * 1_000_001, "at most"),
    ],
)
def test_what_could_not_be_applied_either_is_refused_and_nothing_is_kept(
    scene: Scene, body: bytes, why: str
) -> None:
    letter_id = dead(scene)
    before = dump(scene)

    with pytest.raises(EditRefused, match=why):
        change(scene, letter_id, body)

    assert dump(scene) == before


def test_only_events_of_providers_are_edited(scene: Scene) -> None:
    letter_id = dead(scene)
    scene.execute("ALTER TABLE inbound_events DISABLE TRIGGER USER")
    scene.execute("UPDATE inbound_events SET source = 'internal'")

    with pytest.raises(EditRefused, match="command"):
        change(scene, letter_id)
    with pytest.raises(LetterUnknown):
        change(scene, letter_id + 1)


def test_money_above_the_limit_is_edited_when_a_second_person_agrees(
    scene: Scene, second_person: str
) -> None:
    letter_id = dead(scene)

    waiting = change(scene, letter_id, limit=MoneyLimit(999))
    assert waiting.approval_id is not None
    kept = scene.value("SELECT count(*) FROM event_edits")
    done = approving.approve(
        scene.database,
        waiting.approval_id,
        actor=second_person,
        reason="I asked the sender",
        performers=PERFORMERS,
    )

    assert (waiting.became, waiting.event_id, kept) == ("waiting_approval", None, 0)
    assert done["became"] == "applied"
    assert (scene.state("p1"), scene.credit()) == ("completed", 1_000)
    assert scene.rows("SELECT actor, approved_by FROM event_edits") == [(ADA, second_person)]


def test_an_amount_cannot_be_made_small_to_need_no_second_person(scene: Scene) -> None:
    letter_id = dead(scene)

    done = change(
        scene, letter_id, edited(RIGHT, [("data.amount_minor", 1)]), limit=MoneyLimit(999)
    )

    assert done.became == "waiting_approval"


def test_an_edit_whose_letter_was_closed_meanwhile_is_not_agreed_to(
    scene: Scene, second_person: str
) -> None:
    letter_id = dead(scene)
    waiting = change(scene, letter_id, limit=MoneyLimit(0))
    assert waiting.approval_id is not None
    with scene.database.transaction() as tx:
        letter_acts.discard(tx, [letter_id], actor=ADA, reason="a test")

    with pytest.raises(approving.ApprovalStale):
        approving.approve(
            scene.database,
            waiting.approval_id,
            actor=second_person,
            reason="agreed",
            performers=PERFORMERS,
        )

    assert scene.value("SELECT count(*) FROM event_edits") == 0
    assert scene.state("p1") == "pending"
