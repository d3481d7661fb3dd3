"""Events that are finished are given another try."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from domain.commands import Command, CommandKind
from tests.replaying.pile import ADA
from tests.workers.scene import PROVIDER, capture
from workers.commands import enqueue
from workers.replaying.again import EventNotReplayable, try_again

if TYPE_CHECKING:
    from tests.workers.scene import Scene

UNUSED = b'{"type":"invoice.created","data":{"reference":"p1"}}'


def test_an_ignored_event_is_tried_again_and_who_wanted_it_is_kept(scene: Scene) -> None:
    [event_id] = scene.hear(UNUSED)

    done = try_again(scene.database, [event_id], actor=ADA, reason="after the upgrade")

    assert done.became == [(event_id, "ignored")]
    assert scene.attempts(event_id) == [(1, "ignored", None), (1, "ignored", None)]
    assert scene.rows("SELECT actor, action, subject, reason, details FROM operator_actions") == [
        (
            ADA,
            "event_replayed",
            f"event:{event_id}",
            "after the upgrade",
            {"replay_id": done.replay_id},
        )
    ]


def test_an_applied_event_that_is_tried_again_changes_nothing(scene: Scene) -> None:
    scene.announce("p1")
    [event_id] = scene.hear(capture("p1"))

    done = try_again(scene.database, [event_id], actor=ADA, reason="to be sure")

    assert done.became == [(event_id, "no_change")]
    assert (scene.credit(), scene.top_ups(), scene.version("p1")) == (1_000, 1, 1)


def test_what_is_dead_unfinished_or_a_command_is_not_tried_again_and_no_other_with_it(
    scene: Scene,
) -> None:
    scene.announce("p1")
    [good] = scene.hear(capture("p1"))
    [dead] = scene.hear(b"{}")
    owed = scene.receive(UNUSED)
    command = Command(CommandKind.VERIFY, PROVIDER, "default", "p1", "client:shop", "n1")
    with scene.database.transaction() as tx:
        [ours] = enqueue(tx, [command], request_id="r")

    for other, why in ((dead, "set aside"), (owed, "not finished"), (ours, "command"), (99, "99")):
        with pytest.raises(EventNotReplayable, match=why):
            try_again(scene.database, [good, other], actor=ADA, reason="all of it")

    assert scene.value("SELECT count(*) FROM operator_actions") == 0
    assert scene.owed() == sorted([owed, ours])
