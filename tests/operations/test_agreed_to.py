"""What an operator agreed to is what is done."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.operations.limits import set_limit
from tests.replaying.pile import pile, statuses

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.operations.conftest import Said
    from tests.workers.scene import Scene

    Run = Callable[..., Said]


def test_a_group_is_replayed_as_large_as_it_was_agreed_to(payratchet: Run, scene: Scene) -> None:
    pile(scene, 3)

    said = payratchet("dead-letters", "replay", "--all", "--json", typed="y\n")

    assert said.code == 0, said.err
    assert json.loads(said.out.splitlines()[-1])["succeeded"] == 3
    assert statuses(scene) == {"resolved": 3}


def test_an_ignored_event_is_held_against_the_limit_of_one_person(
    payratchet: Run, scene: Scene
) -> None:
    pile(scene, 1)
    scene.execute("UPDATE dead_letters SET status = 'resolved', resolved_at = now()")

    set_limit(scene.url, "999")
    said = payratchet("events", "replay", "1", "--json")
    set_limit(scene.url, "1000")
    within = payratchet("events", "replay", "1", "--json")

    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("event_not_replayable: it would move 1000 NGN")
    assert json.loads(within.out)["items"] == [{"event_id": 1, "became": "applied"}]
