"""A replay is about the letters that matched when it was made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from domain.money_limit import MoneyLimit
from tests.replaying.pile import acts, drive, frozen, items, look, pile, statuses
from tests.workers.scene import capture
from workers import approving
from workers.performers import PERFORMERS
from workers.replaying import steering
from workers.replaying.errors import (
    NothingMatched,
    OperationKeyReused,
    ReplayNotSteerable,
)
from workers.store.letter_filters import Wanted

if TYPE_CHECKING:
    from tests.workers.scene import Scene


def test_letters_that_die_later_are_not_in_a_replay(scene: Scene) -> None:
    pile(scene, 3)
    made = frozen(scene)
    pile(scene, 2, first=4)

    job = drive(scene, made.replay_id)

    assert (job.status, job.matched, job.succeeded) == ("done", 3, 3)
    assert statuses(scene) == {"resolved": 3, "open": 2}


def test_what_nobody_meant_is_left_alone_by_every_filter(scene: Scene) -> None:
    pile(scene, 2, fingerprint="f1")
    pile(scene, 2, first=3, fingerprint="f2", reason="permanent")
    [foreign] = scene.hear(capture("elsewhere"))
    scene.execute("UPDATE dead_letters SET dead_at = now() - interval '2 h' WHERE id = 1")
    scene.execute("UPDATE dead_letters SET amount_minor = 5001 WHERE id = 2")
    scene.execute("UPDATE dead_letters SET owner = 'bo' WHERE id = 3")

    for wanted, ids in (
        (Wanted(fingerprint="f2"), [3, 4]),
        (Wanted(reason="permanent"), [3, 4]),
        (Wanted(reason="unknown_reference"), [scene.letter_id(foreign)]),
        (Wanted(provider="paystack", status="all"), []),
        (Wanted(type="payment.succeeded", fingerprint="f1"), [1, 2]),
        (Wanted(reference="p4"), [4]),
        (Wanted(owner="bo"), [3]),
        (Wanted(older_than_s=3_600), [1]),
        (Wanted(amount_over_minor=5_000), [2]),
        (Wanted(amount_over_minor=5_001), []),
        (Wanted(currency="NGN", fingerprint="f1"), [1, 2]),
        (Wanted(ids=(4, 2)), [2, 4]),
        (Wanted(status="resolved"), []),
    ):
        if not ids:
            with pytest.raises(NothingMatched):
                frozen(scene, wanted)
            continue
        made = frozen(scene, wanted)
        found = scene.rows(
            "SELECT dead_letter_id FROM replay_items WHERE replay_id = %s ORDER BY place",
            [made.replay_id],
        )
        assert [row[0] for row in found] == ids, wanted
    with pytest.raises(ValueError, match="no status"):
        frozen(scene, Wanted(status="open' OR true --"))


def test_a_replay_of_nothing_is_not_made(scene: Scene) -> None:
    with pytest.raises(NothingMatched):
        frozen(scene)

    assert scene.value("SELECT count(*) FROM replay_jobs") == 0


def test_the_same_operation_is_the_same_replay_however_often_it_is_asked_for(
    scene: Scene,
) -> None:
    pile(scene, 2)

    first = frozen(scene, operation_key="monday")
    drive(scene, first.replay_id)
    pile(scene, 2, first=3)
    again = frozen(scene, operation_key="monday")

    assert (again.replay_id, again.is_new) == (first.replay_id, False)
    assert scene.value("SELECT count(*) FROM replay_jobs") == 1
    assert statuses(scene) == {"resolved": 2, "open": 2}
    with pytest.raises(OperationKeyReused):
        frozen(scene, Wanted(reason="permanent"), operation_key="monday")


def test_the_same_operation_at_once_makes_one_replay(scene: Scene) -> None:
    pile(scene, 5)
    made: list[tuple[int, bool]] = []

    def ask(_: int) -> None:
        one = frozen(scene, operation_key="at once")
        made.append((one.replay_id, one.is_new))

    scene.at_once(6, ask)

    assert len({replay_id for replay_id, _ in made}) == 1
    assert sorted(is_new for _, is_new in made) == [False] * 5 + [True]
    assert scene.value("SELECT count(*) FROM replay_items") == 5


def test_a_letter_that_is_closed_when_its_turn_comes_is_skipped(scene: Scene) -> None:
    pile(scene, 3)
    made = frozen(scene)
    scene.execute("UPDATE dead_letters SET status = 'discarded' WHERE id = 2")

    job = drive(scene, made.replay_id)

    assert (job.status, job.succeeded, job.skipped) == ("done", 2, 1)
    assert items(scene, made.replay_id) == {"succeeded": 2, "skipped": 1}
    assert scene.state("p2") == "pending"


def test_money_above_the_limit_waits_for_a_second_person_and_is_replayed_when_they_agree(
    scene: Scene, second_person: str
) -> None:
    pile(scene, 3)

    made = frozen(scene, limit=MoneyLimit(2_999))
    waiting = drive(scene, made.replay_id)
    assert made.approval_id is not None
    approving.approve(
        scene.database,
        made.approval_id,
        actor=second_person,
        reason="agreed",
        performers=PERFORMERS,
    )
    job = drive(scene, made.replay_id)

    assert (waiting.status, waiting.succeeded) == ("waiting_approval", 0)
    assert (job.status, job.succeeded) == ("done", 3)
    assert acts(scene, made.replay_id) == ["made", "approved", "started", "done"]
    below = frozen(scene, Wanted(status="resolved"), limit=MoneyLimit(3_000))
    assert below.approval_id is None


def test_a_replay_that_a_second_person_refuses_is_over(scene: Scene, second_person: str) -> None:
    pile(scene, 1)
    made = frozen(scene, limit=MoneyLimit(0))
    assert made.approval_id is not None

    approving.reject(
        scene.database,
        made.approval_id,
        actor=second_person,
        reason="not these",
        performers=PERFORMERS,
    )

    assert drive(scene, made.replay_id).status == "rejected"
    assert statuses(scene) == {"open": 1}
    with pytest.raises(ReplayNotSteerable):
        steering.steer(
            scene.database, made.replay_id, steering.RESUME, actor="operator:ada", reason="why not"
        )


def test_a_replay_that_was_cancelled_meanwhile_cannot_be_agreed_to(
    scene: Scene, second_person: str
) -> None:
    pile(scene, 1)
    made = frozen(scene, limit=MoneyLimit(0))
    assert made.approval_id is not None
    steering.steer(
        scene.database, made.replay_id, steering.CANCEL, actor="operator:ada", reason="no need"
    )

    with pytest.raises(approving.ApprovalStale):
        approving.approve(
            scene.database,
            made.approval_id,
            actor=second_person,
            reason="agreed",
            performers=PERFORMERS,
        )

    assert look(scene, made.replay_id).status == "cancelled"


def test_the_history_of_a_replay_cannot_be_edited(scene: Scene) -> None:
    pile(scene, 1)
    frozen(scene)

    for statement in (
        "DELETE FROM replay_actions",
        "UPDATE replay_actions SET actor = 'operator:bo'",
        "TRUNCATE replay_actions",
    ):
        with pytest.raises(psycopg.errors.RestrictViolation, match="append-only"):
            scene.execute(statement)
