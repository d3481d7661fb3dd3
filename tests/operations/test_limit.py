"""What one person may move is said by the database, and summed over a day."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from domain.money_limit import ALONE_WITHIN_S
from domain.operators import Role
from domain.transitions import State
from tests.operations import people
from tests.operations.limits import set_limit
from tests.replaying.pile import drive, driver, frozen, pile
from tests.workers.scene import capture
from workers import approving, correcting, limiting
from workers.performers import PERFORMERS
from workers.replaying import steering
from workers.replaying.stepping import step
from workers.store import money_limits
from workers.store.money_limits import Act

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.operations.conftest import Said
    from tests.workers.scene import Scene

    Run = Callable[..., Said]

ADA, BEN = "operator:ada", "operator:ben"


@pytest.fixture
def three(scene: Scene) -> Scene:
    """Three payments, for each of which 6.00 NGN came that do not fit."""
    for number in (1, 2, 3):
        scene.announce(f"p{number}")
        scene.hear(capture(f"p{number}", 600))
    return scene


def correct(scene: Scene, number: int, actor: str = ADA) -> int | None:
    """Correct one of the three; return the question that is asked of a second person."""
    done = correcting.correct(
        scene.database, f"p{number}", State.COMPLETED, actor=actor, reason="they are right"
    )
    return done.approval_id


def why(scene: Scene) -> str | None:
    found: str | None = scene.value("SELECT why FROM approvals ORDER BY id DESC LIMIT 1")
    return found


def replay(run: Run, **environment: str) -> Said:
    return run("payments", "correct", "p1", "--to", "completed", "--yes", "--reason", "x", "--json",
               **environment)  # fmt: skip


def read(said: Said) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(said.out)
    return told


def test_nobody_raises_the_limit_by_their_own_environment(three: Scene, payratchet: Run) -> None:
    set_limit(three.url, "599")

    said = replay(payratchet, MONEY_LIMIT_MINOR="99999999")

    assert (said.code, read(said)["status"]) == (1, "waiting_approval")
    assert three.credit() == 0


def test_whoever_asks_is_told_why_a_second_person_must_agree(three: Scene, payratchet: Run) -> None:
    set_limit(three.url, "NGN=599")

    said = replay(payratchet)

    words = "it moves 6.00 NGN, and one person may move 5.99 NGN"
    assert read(said)["why"] == words
    assert words in said.err
    [shown] = read(payratchet("approvals", "list", "--json"))["items"]
    assert shown["why"] == words


def test_migrating_writes_the_limit_for_everybody_and_keeps_who_did(
    scene: Scene, payratchet: Run
) -> None:
    fresh = scene.value("SELECT written FROM money_limit")

    said = payratchet("migrate", "--json", MONEY_LIMIT_MINOR="NGN=700,5")
    again = payratchet("migrate", "--json")

    assert fresh == "50000000"
    assert read(said) == {"migrated": True, "money_limit_minor": "NGN=700,5"}
    assert read(again)["money_limit_minor"] == "NGN=700,5"
    [(actor, details)] = scene.rows(
        "SELECT actor, details FROM operator_actions WHERE action = 'money_limit_set'"
    )
    assert actor.startswith("administrator:")
    assert details == {"before": "50000000", "after": "NGN=700,5"}


def test_a_limit_that_cannot_be_read_is_refused_and_not_replaced(
    scene: Scene, payratchet: Run
) -> None:
    said = payratchet("migrate", MONEY_LIMIT_MINOR="plenty")

    assert (said.code, said.err.partition(",")[0]) == (
        *(2, "settings_refused: MONEY_LIMIT_MINOR: Value error"),
    )
    assert scene.value("SELECT written FROM money_limit") == "50000000"


def test_there_is_one_limit_and_no_second_row(scene: Scene) -> None:
    for statement in (
        "INSERT INTO money_limit (written, set_by) VALUES ('1', 'x')",
        "INSERT INTO money_limit (only_one, written, set_by) VALUES (false, '1', 'x')",
    ):
        with pytest.raises(psycopg.IntegrityError):
            scene.execute(statement)


def test_what_one_person_has_moved_within_a_day_is_added(three: Scene) -> None:
    set_limit(three.url, "1200")

    asked = [correct(three, number) for number in (1, 2, 3)]

    assert asked[:2] == [None, None]
    assert asked[2] is not None
    assert why(three) == (
        "it moves 6.00 NGN, with 12.00 NGN that you moved alone within the last 24 hours; "
        "one person may move 12.00 NGN"
    )
    assert three.credit() == 1_200


def test_others_and_other_currencies_have_a_sum_of_their_own(three: Scene) -> None:
    set_limit(three.url, "600")
    with three.database.transaction() as tx:
        dollars = Act("edit", "dead-letter:1", ADA)
        assert limiting.moves_alone(tx, dollars, {"USD": 600}) is None

    asked = [correct(three, 1, ADA), correct(three, 2, BEN), correct(three, 3, ADA)]

    assert asked[:2] == [None, None]
    assert asked[2] is not None


@pytest.mark.parametrize(("age_s", "waits"), [(ALONE_WITHIN_S + 60, False), (600, True)])
def test_what_was_moved_longer_than_a_day_ago_is_forgotten(
    three: Scene, age_s: int, *, waits: bool
) -> None:
    set_limit(three.url, "600")
    three.execute(
        "INSERT INTO operator_moves (actor, kind, subject, currency, amount_minor, at)"
        " VALUES (%s, 'edit', 'dead-letter:1', 'NGN', 1, now() - make_interval(secs => %s))",
        [ADA, age_s],
    )

    assert (correct(three, 1) is not None) is waits


def test_what_two_people_agreed_to_is_nobodys_alone(three: Scene) -> None:
    people.appoint(three.url, "ben", Role.APPROVER)
    set_limit(three.url, "599")
    asked = correct(three, 1)
    assert asked is not None
    approving.approve(three.database, asked, actor=BEN, reason="seen", performers=PERFORMERS)
    set_limit(three.url, "600")

    assert correct(three, 2) is None
    assert three.credit() == 1_200


def test_two_acts_of_one_person_at_once_are_not_held_against_the_same_sum(three: Scene) -> None:
    set_limit(three.url, "1199")
    asked: list[int | None] = []

    three.at_once(2, lambda number: asked.append(correct(three, number + 1)))

    assert sorted(each is None for each in asked) == [False, True]
    assert three.credit() == 600


def test_an_act_that_moves_nothing_is_never_above_the_limit(three: Scene) -> None:
    set_limit(three.url, "0")
    with three.database.transaction() as tx:
        assert limiting.moves_alone(tx, Act("edit", "dead-letter:1", ADA), {"NGN": 0}) is None

    assert three.value("SELECT count(*) FROM operator_moves") == 0


def test_a_replay_counts_for_what_it_did_not_leave_as_it_was(scene: Scene) -> None:
    set_limit(scene.url, "3000")
    pile(scene, 3, unreadable=[2, 3])

    made = frozen(scene)
    under_way = moved_alone(scene)
    drive(scene, made.replay_id)

    assert (under_way, moved_alone(scene), scene.credit()) == (3_000, 1_000, 1_000)


def test_what_a_cancelled_replay_never_began_does_not_count(scene: Scene) -> None:
    pile(scene, 12)
    made = frozen(scene, canary=2)
    step(driver(scene), made.replay_id)

    steering.steer(scene.database, made.replay_id, steering.CANCEL, actor=ADA, reason="enough")

    assert (moved_alone(scene), scene.credit()) == (2_000, 2_000)


def moved_alone(scene: Scene) -> int:
    with scene.database.transaction() as tx:
        return money_limits.moved_alone_minor(tx, ADA, within_s=ALONE_WITHIN_S)["NGN"]
