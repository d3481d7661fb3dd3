"""The commands by which a second person agrees or refuses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from domain.operators import Role
from tests.operations import people
from tests.operations.approving import SHOWN, age, ask, status
from tests.operations.limits import set_limit
from tests.workers.scene import capture

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.operations.conftest import Said
    from tests.workers.scene import Scene

    Run = Callable[..., Said]


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
