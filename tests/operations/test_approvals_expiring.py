"""Questions that nobody has decided in time, and what is cleaned up behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from tests.operations.approving import DROPPED, Doing, age, approve, ask, done, reject, status
from workers import approving

if TYPE_CHECKING:
    from tests.workers.scene import Scene


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
