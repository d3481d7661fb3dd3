"""A second person is another person: whoever may have the keys of both is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from domain.operators import KEYS_GIVEN_S_MIN, Role
from tests.operations import people
from workers import approving
from workers.approving import Performed, Performer, SecondPersonMissing
from workers.store import operators
from workers.store.money_limits import Act

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.operations.conftest import Said
    from tests.workers.scene import Scene
    from workers.database import Transaction
    from workers.store.approvals import Approval

    Run = Callable[..., Said]

NAMES = ("ada", "ben", "cho", "dan")


def _perform(tx: Transaction, approval: Approval, approved_by: str) -> Performed:
    operators.note(tx, approved_by, "done", approval.subject, reason="test")
    return Performed({"done": True})


PERFORMERS = {"correction": Performer(_perform)}


@pytest.fixture
def asked(scene: Scene) -> int:
    """A question of ada's; all of the four are approvers."""
    for name in NAMES:
        people.appoint(scene.url, name, Role.APPROVER)
    with scene.database.transaction() as tx:
        return approving.ask(
            tx,
            Act("correction", "payment:p1", "operator:ada"),
            request={},
            shown={},
            amounts_minor={"NGN": 90_000_000},
            reason="the customer is right",
        )


def gave(scene: Scene, by: str, to: str, *, action: str = "created", age_s: int = 60) -> None:
    """Let somebody have made an operator, or renewed their token, so long ago."""
    scene.execute(
        "INSERT INTO operator_actions (actor, action, subject, reason, at)"
        " VALUES (%s, %s, %s, 'new here', now() - make_interval(secs => %s))",
        [by, f"operator_{action}", f"operator:{to}", age_s],
    )


def decide(scene: Scene, asked: int, by: str) -> dict[str, Any]:
    return approving.approve(
        scene.database, asked, actor=f"operator:{by}", reason="seen", performers=PERFORMERS
    )


@pytest.mark.parametrize("action", ["created", "renewed"])
@pytest.mark.parametrize(("giver", "taker"), [("ada", "ben"), ("ben", "ada")])
def test_whoever_gave_the_other_their_keys_lately_is_no_second_person(
    scene: Scene, asked: int, action: str, giver: str, taker: str
) -> None:
    gave(scene, f"operator:{giver}", taker, action=action)

    with pytest.raises(SecondPersonMissing, match=f"operator:{giver} may have the keys of both"):
        decide(scene, asked, "ben")

    assert decide(scene, asked, "cho") == {"done": True}


def test_keys_that_went_through_other_hands_count_too(scene: Scene, asked: int) -> None:
    gave(scene, "operator:ada", "cho")
    gave(scene, "operator:cho", "dan", action="renewed")
    gave(scene, "operator:dan", "cho", action="renewed")

    with pytest.raises(SecondPersonMissing):
        decide(scene, asked, "dan")


def test_two_whose_keys_the_same_operator_gave_are_not_two_people(scene: Scene, asked: int) -> None:
    gave(scene, "operator:cho", "ada")
    gave(scene, "operator:cho", "ben")

    with pytest.raises(SecondPersonMissing, match="operator:cho"):
        decide(scene, asked, "ben")


def test_keys_of_more_than_a_week_ago_and_those_of_the_databases_owner_count_for_nothing(
    scene: Scene, asked: int
) -> None:
    gave(scene, "operator:ada", "ben", age_s=KEYS_GIVEN_S_MIN + 60)
    gave(scene, "administrator:root", "ada")
    gave(scene, "administrator:root", "ben")

    assert decide(scene, asked, "ben") == {"done": True}


def test_anybody_may_refuse(scene: Scene, asked: int) -> None:
    gave(scene, "operator:ada", "ben")

    approving.reject(
        scene.database, asked, actor="operator:ben", reason="no", performers=PERFORMERS
    )

    assert scene.value("SELECT status FROM approvals") == "rejected"


def test_an_approver_who_makes_another_self_is_told_so(
    payratchet: Run, scene: Scene, asked: int
) -> None:
    """Through the commands: ada has the owner's role, and makes eve."""
    made = payratchet(
        *("operators", "create", "eve", "--role", "approver", "--reason", "me"),
        PAYRATCHET_OPERATOR_TOKEN=people.token_of("ada"),
    )
    token = next(line.split()[-1] for line in made.out.splitlines() if line.startswith("token"))

    said = payratchet(
        *("approvals", "approve", str(asked), "--reason", "me too"),
        PAYRATCHET_OPERATOR_TOKEN=token,
    )

    assert (said.code, said.err.partition(":")[0]) == (1, "second_person_missing")
    assert scene.value("SELECT status FROM approvals") == "waiting"
