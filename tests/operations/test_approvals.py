"""What moves much money is asked for by one, agreed to by another, and then done once."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from structlog.testing import capture_logs

from domain.errors import PayratchetError
from domain.operators import Role
from tests.operations import people
from tests.operations.limits import set_limit
from tests.workers.scene import capture
from workers import approving
from workers.approving import Performed, Performer
from workers.store import operators
from workers.store.money_limits import Act

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.operations.conftest import Said
    from tests.workers.scene import Scene
    from workers.database import Database, Transaction
    from workers.store.approvals import Approval

    Run = Callable[..., Said]

SHOWN = {"state": {"before": "review", "after": "completed"}, "sums": [1, 2]}
DROPPED = "SELECT actor, reason FROM operator_actions WHERE action = 'dropped'"


class Doing:
    """A performer of this test: what it does is a row, so a rollback would be seen."""

    def __init__(self) -> None:
        self.shows: Mapping[str, Any] = SHOWN
        self.breaks = False
        self.followed = 0
        self.stays: int | None = None

    @property
    def performers(self) -> dict[str, Performer]:
        shows = lambda _tx, _approval: self.shows  # noqa: E731 - it is read when it is asked for
        return {"correction": Performer(self._perform, shows, self._drop)}

    def _drop(self, tx: Transaction, approval: Approval, actor: str, reason: str) -> None:
        if approval.id == self.stays:
            raise PayratchetError("it cannot be cleaned up behind")
        operators.note(tx, actor, "dropped", approval.subject, reason=reason)

    def _perform(self, tx: Transaction, approval: Approval, approved_by: str) -> Performed:
        details = {"request": approval.request}
        operators.note(tx, approved_by, "done", approval.subject, reason="test", details=details)
        if self.breaks:
            raise PayratchetError("it cannot be done")
        return Performed({"version": 7}, self._follow)

    def _follow(self, database: Database) -> Mapping[str, Any]:
        """Look from another session: only what is committed is seen."""
        with database.transaction() as tx:
            row = tx.execute("SELECT count(*) FROM approvals WHERE status = 'approved'").fetchone()
        assert row == (1,)
        self.followed += 1
        return {"credited_minor": 5}


@pytest.fixture
def doing() -> Doing:
    return Doing()


@pytest.fixture
def asked(scene: Scene, tester: str) -> int:
    """A question of the tester; ada and ben are approvers."""
    assert tester
    people.appoint(scene.url, "ada", Role.APPROVER)
    people.appoint(scene.url, "ben", Role.APPROVER)
    return ask(scene)


def ask(
    scene: Scene,
    *,
    actor: str = "operator:tester",
    kind: str = "correction",
    subject: str = "payment:p1",
    **changed: Any,
) -> int:
    with scene.database.transaction() as tx:
        return approving.ask(
            tx,
            Act(kind, subject, actor),
            **{
                "request": {"to": "completed"},
                "shown": SHOWN,
                "amounts_minor": {"NGN": 90_000_000},
                **changed,
            },
            reason="the customer is right",
        )


def approve(
    scene: Scene, doing: Doing, approval_id: int, actor: str = "operator:ada"
) -> dict[str, Any]:
    return approving.approve(
        scene.database, approval_id, actor=actor, reason="seen", performers=doing.performers
    )


def reject(scene: Scene, doing: Doing, approval_id: int, actor: str = "operator:ada") -> None:
    approving.reject(
        scene.database, approval_id, actor=actor, reason="no", performers=doing.performers
    )


def status(scene: Scene) -> str:
    found: str = scene.value("SELECT status FROM approvals")
    return found


def done(scene: Scene) -> list[str]:
    rows = scene.rows("SELECT actor FROM operator_actions WHERE action = 'done'")
    return [actor for (actor,) in rows]


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


def test_a_refused_question_is_cleaned_up_behind(scene: Scene, doing: Doing, asked: int) -> None:
    reject(scene, doing, asked)

    assert (status(scene), done(scene)) == ("rejected", [])
    assert scene.rows(DROPPED) == [("operator:ada", "no")]


def test_nobody_agrees_to_what_waited_too_long(scene: Scene, doing: Doing, asked: int) -> None:
    age(scene)

    for decide in (approve, reject):
        with pytest.raises(approving.ApprovalExpired):
            decide(scene, doing, asked)
    assert approving.expire_overdue(scene.database, doing.performers) == 1
    assert approving.expire_overdue(scene.database, doing.performers) == 0

    with pytest.raises(approving.ApprovalExpired):
        approve(scene, doing, asked)
    assert (status(scene), done(scene)) == ("expired", [])
    assert scene.rows(DROPPED) == [("payratchet", "nobody decided in time")]


def test_what_still_may_be_decided_does_not_expire(scene: Scene, doing: Doing, asked: int) -> None:
    assert approving.expire_overdue(scene.database, doing.performers) == 0
    lives_s = "SELECT extract(epoch FROM expires_at - asked_at)::bigint FROM approvals"
    assert scene.value(lives_s) == approving.APPROVAL_S_MAX == 7 * 24 * 3_600
    approve(scene, doing, asked)


def test_a_question_that_cannot_be_cleaned_up_behind_keeps_no_other_waiting(
    scene: Scene, doing: Doing, asked: int
) -> None:
    others = [ask(scene, subject=f"payment:p{number}") for number in (2, 3)]
    doing.stays = asked
    age(scene)

    with capture_logs() as logged:
        ended = approving.expire_overdue(scene.database, doing.performers)

    assert ended == 2
    waiting = scene.rows("SELECT id FROM approvals WHERE status = 'waiting'")
    assert waiting == [(asked,)]
    assert asked not in others
    [line] = [each for each in logged if each["event"] == "approval.not_expired"]
    assert (line["reason"], line["error_class"]) == (f"approval:{asked}", "PayratchetError")
    doing.stays = None
    assert approving.expire_overdue(scene.database, doing.performers) == 1


def age(scene: Scene) -> None:
    """Let a week pass for the questions that wait."""
    scene.execute("UPDATE approvals SET expires_at = now() - interval '1 s'")


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


def as_(name: str) -> dict[str, str]:
    return {"PAYRATCHET_OPERATOR_TOKEN": people.token_of(name)}


def test_the_commands_show_what_waits_and_carry_the_refusal(
    payratchet: Run, scene: Scene, asked: int
) -> None:
    [waiting] = json.loads(payratchet("approvals", "list", "--json").out)["items"]
    assert (waiting["approval_id"], waiting["status"], waiting["shown"]) == (
        asked,
        "waiting",
        SHOWN,
    )
    assert "waiting" in payratchet("approvals", "show", str(asked)).out

    words = ("approvals", "reject", str(asked), "--reason", "not so", "--json")
    told = json.loads(payratchet(*words, **as_("ben")).out)

    assert (told["status"], told["decided_by"], told["decided_reason"]) == (
        *("rejected", "operator:ben", "not so"),
    )
    assert json.loads(payratchet("approvals", "list", "--json").out)["items"] == []
    again = payratchet(*words, **as_("ada"))
    assert (again.code, again.err.partition(":")[0]) == (1, "approval_decided")
    assert status(scene) == "rejected"


def test_the_body_of_an_edit_is_not_shown_to_those_who_look(
    payratchet: Run, scene: Scene, tester: str
) -> None:
    assert tester
    edit = ask(scene, kind="edit", request={"letter_id": 7, "body": "Ym9keQ=="})

    for words in (("list",), ("show", str(edit))):
        assert "Ym9keQ==" not in payratchet("approvals", *words, "--json").out
    told = json.loads(payratchet("approvals", "show", str(edit), "--json").out)
    assert told["request"] == {"letter_id": 7}


def test_a_page_of_approvals_leads_to_the_next(payratchet: Run, scene: Scene, asked: int) -> None:
    later = [ask(scene, subject=f"payment:p{number}") for number in (2, 3)]

    first = json.loads(payratchet("approvals", "list", "--limit", "2", "--json").out)
    words = ("approvals", "list", "--limit", "2", "--cursor", str(first["next_cursor"]), "--json")
    second = json.loads(payratchet(*words).out)

    ids = [item["approval_id"] for page in (first, second) for item in page["items"]]
    assert ids == [*reversed(later), asked]
    assert second["next_cursor"] is None


def test_what_waited_too_long_is_listed_as_expired_before_anybody_swept(
    payratchet: Run, scene: Scene, asked: int
) -> None:
    age(scene)

    assert json.loads(payratchet("approvals", "list", "--json").out)["items"] == []
    words = ("approvals", "list", "--status", "expired", "--json")
    assert [item["approval_id"] for item in json.loads(payratchet(*words).out)["items"]] == [asked]


def test_a_replay_above_the_limit_waits_until_another_agrees(payratchet: Run, scene: Scene) -> None:
    people.appoint(scene.url, "ada", Role.APPROVER)
    people.appoint(scene.url, "ben", Role.APPROVER)
    scene.announce("p1")
    scene.break_for("p1", "RAISE EXCEPTION 'broken'")
    scene.hear(capture("p1"))
    scene.drain()
    scene.mend()

    set_limit(scene.url, "NGN=999")
    words = ("dead-letters", "replay", "1", "--reason", "mended", "--json")
    said = payratchet(*words, **as_("ada"))

    told = json.loads(said.out)
    assert (said.code, told["status"]) == (1, "waiting_approval")
    assert f"payratchet approvals approve {told['approval_id']}" in said.err
    assert scene.credit() == 0
    verdict = ("approvals", "approve", str(told["approval_id"]), "--reason", "seen", "--json")
    assert "second_person_missing" in payratchet(*verdict, **as_("ada")).err
    agreed = payratchet(*verdict, **as_("ben"))
    assert (agreed.code, json.loads(agreed.out)["status"]) == (0, "approved")
    assert scene.value("SELECT status FROM replay_jobs") == "running"


def test_an_unknown_approval_is_said_to_be_none(payratchet: Run, asked: int) -> None:
    for words in (("show",), ("approve",), ("reject",)):
        said = payratchet("approvals", *words, str(asked + 1), **as_("ada"))
        assert (said.code, said.err.partition(":")[0]) == (1, "approval_unknown")
