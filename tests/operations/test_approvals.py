"""What moves much money is asked for by one, agreed to by another, and then done once."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import psycopg
import pytest

from domain.errors import PayratchetError
from domain.operators import Role
from tests.operations import people
from tests.operations.approving import DROPPED, SHOWN, Doing, approve, ask, done, reject, status
from workers import approving

if TYPE_CHECKING:
    from tests.workers.scene import Scene


def test_nothing_is_done_before_a_second_person_agrees_and_then_it_is_done_once(
    scene: Scene, doing: Doing, asked: int
) -> None:
    assert done(scene) == []

    assert approve(scene, doing, asked) == {"version": 7, "credited_minor": 5}

    assert done(scene) == ["operator:ada"]
    assert doing.followed == 1
    [row] = scene.rows(
        "SELECT status, asked_by, asked_reason, decided_by, decided_reason, result, amount_minor,"
        " currency FROM approvals"
    )
    assert row == (
        *("approved", "operator:tester", "the customer is right", "operator:ada", "seen"),
        *({"version": 7}, 90_000_000, "NGN"),
    )
    for decide in (approve, reject):
        with pytest.raises(approving.ApprovalDecided):
            decide(scene, doing, asked, "operator:ben")
    assert done(scene) == ["operator:ada"]


def test_who_asked_cannot_agree_whatever_their_role(scene: Scene, doing: Doing, asked: int) -> None:
    own = ask(scene, actor="operator:ada")

    for decide in (approve, reject):
        with pytest.raises(approving.SecondPersonMissing):
            decide(scene, doing, own, "operator:ada")

    assert done(scene) == []
    assert approve(scene, doing, own, "operator:ben")
    assert asked != own


def test_the_table_itself_refuses_one_person_for_both(scene: Scene, asked: int) -> None:
    with pytest.raises(psycopg.errors.CheckViolation, match="second_person"):
        scene.execute(
            "UPDATE approvals SET status = 'approved', decided_by = asked_by, decided_at = now()"
            " WHERE id = %s",
            [asked],
        )


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE approvals SET request = '{}'",
        "UPDATE approvals SET shown = '{}'",
        "UPDATE approvals SET amount_minor = 1",
        "UPDATE approvals SET asked_by = 'operator:eve'",
        "DELETE FROM approvals",
    ],
)
def test_what_is_asked_for_cannot_be_changed_under_the_second_person(
    change: str, scene: Scene, asked: int
) -> None:
    assert asked
    with pytest.raises(psycopg.errors.RestrictViolation):
        scene.execute(change)


def test_a_decision_cannot_be_taken_back(scene: Scene, doing: Doing, asked: int) -> None:
    reject(scene, doing, asked)

    with pytest.raises(psycopg.errors.RestrictViolation):
        scene.execute("UPDATE approvals SET status = 'approved'")


@pytest.mark.parametrize(
    "actor",
    ["operator:tester", "operator:nobody", "payratchet", "client:cl_1", "ada", "operator:cho"],
)
def test_only_a_live_approver_decides(actor: str, scene: Scene, doing: Doing, asked: int) -> None:
    people.appoint(scene.url, "cho", Role.APPROVER)
    scene.execute("UPDATE operators SET revoked_at = now() WHERE name = 'cho'")

    for decide in (approve, reject):
        with pytest.raises(approving.RoleMissing):
            decide(scene, doing, asked, actor)

    assert status(scene) == "waiting"


def test_two_approvers_at_once_decide_once(scene: Scene, doing: Doing, asked: int) -> None:
    answers: list[str] = []

    def decide(number: int) -> None:
        with contextlib.suppress(approving.ApprovalDecided):
            actor = ("operator:ada", "operator:ben")[number]
            approve(scene, doing, asked, actor)
            answers.append(actor)

    scene.at_once(2, decide)

    assert len(answers) == 1
    assert done(scene) == answers
    assert scene.value("SELECT decided_by FROM approvals") == answers[0]


def test_one_who_agrees_and_one_who_refuses_at_once_leave_one_of_the_two(
    scene: Scene, doing: Doing, asked: int
) -> None:
    def decide(number: int) -> None:
        with contextlib.suppress(approving.ApprovalDecided):
            (approve, reject)[number](scene, doing, asked, ("operator:ada", "operator:ben")[number])

    scene.at_once(2, decide)

    assert (status(scene), len(done(scene))) in [("approved", 1), ("rejected", 0)]
    assert (status(scene) == "rejected") == bool(scene.rows(DROPPED))


def test_what_would_do_something_else_by_now_is_not_done(
    scene: Scene, doing: Doing, asked: int
) -> None:
    doing.shows = {**SHOWN, "sums": [1, 3]}

    with pytest.raises(approving.ApprovalStale):
        approve(scene, doing, asked)

    assert (status(scene), done(scene)) == ("waiting", [])
    doing.shows = {"sums": (1, 2), "state": SHOWN["state"]}
    approve(scene, doing, asked)


def test_what_fails_is_neither_decided_nor_done_by_half(
    scene: Scene, doing: Doing, asked: int
) -> None:
    doing.breaks = True

    with pytest.raises(PayratchetError, match="cannot be done"):
        approve(scene, doing, asked)

    assert (status(scene), done(scene), doing.followed) == ("waiting", [], 0)


def test_a_kind_that_this_version_does_not_know_is_left_waiting(
    scene: Scene, doing: Doing, asked: int
) -> None:
    assert asked
    unknown = ask(scene, kind="write_off")

    with pytest.raises(approving.KindUnknown):
        approve(scene, doing, unknown)

    reject(scene, doing, unknown)


def test_who_asks_for_the_same_again_gets_the_same_question(
    scene: Scene, doing: Doing, asked: int
) -> None:
    assert ask(scene) == asked
    others = [
        ask(scene, actor="operator:ben"),
        ask(scene, subject="payment:p2"),
        ask(scene, request={"to": "failed"}),
        ask(scene, shown={}),
    ]
    assert len({asked, *others}) == 5
    reject(scene, doing, asked)
    assert ask(scene) not in {asked, *others}


def test_several_currencies_are_told_by_what_was_shown(scene: Scene, asked: int) -> None:
    assert asked
    both = ask(scene, amounts_minor={"NGN": 1, "USD": 2})

    query = "SELECT amount_minor, currency FROM approvals WHERE id = %s"
    assert scene.rows(query, [both]) == [(None, None)]


def test_asking_and_deciding_are_kept_for_ever(scene: Scene, doing: Doing, asked: int) -> None:
    approve(scene, doing, asked)

    kept = scene.rows(
        "SELECT actor, action, subject, reason FROM operator_actions"
        " WHERE starts_with(action, 'approval') ORDER BY id"
    )
    assert kept == [
        ("operator:tester", "approval_asked", f"approval:{asked}", "the customer is right"),
        ("operator:ada", "approval_approved", f"approval:{asked}", "seen"),
    ]
