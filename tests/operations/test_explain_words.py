"""How an explanation reads."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from domain.timeline import ALL_WORDS
from tests.operations.explaining import explain
from tests.workers.scene import PROVIDER, capture

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.operations.conftest import Said
    from tests.workers.scene import Scene

    Run = Callable[..., Said]
    Explained = dict[str, Any]


def test_the_credit_is_there_and_the_balance_says_how_much(scene: Scene, payratchet: Run) -> None:
    scene.announce("p1")
    scene.hear(capture("p1"))

    verdict = explain(payratchet)["verdict"]

    assert verdict["why"] == (
        "It is completed: 10.00 NGN of it is the customer's, whose balance is 10.00 NGN."
    )
    assert verdict["do"] == []


def test_people_read_the_verdict_first(scene: Scene, payratchet: Run) -> None:
    scene.announce("p1", customer_id="ada")
    scene.hear(capture("p1", 1_250))

    lines = payratchet("payments", "explain", "p1").out.splitlines()

    assert lines[0] == f"p1: review, 10.00 NGN asked at {PROVIDER} for ada"
    assert lines[1].startswith("12.50 NGN arrived where 10.00 NGN was asked")
    assert lines[3].strip() == "payratchet payments correct p1 --to completed --reason WHY --yes"


def test_what_a_payload_says_cannot_steer_the_terminal(scene: Scene, payratchet: Run) -> None:
    scene.announce("p1")
    scene.hear(capture("p1", 1_250, "T\x1b[31m1"))

    assert "\x1b" not in payratchet("payments", "explain", "p1").out


def test_whatever_is_done_to_a_dead_letter_has_words(scene: Scene) -> None:
    rule = scene.value(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE conname = 'dead_letter_actions_action_check'"
    )
    actions = [part.split("'")[1] for part in rule.split("[", 1)[1].split(",")]

    assert len(actions) >= 5
    assert {f"letter_{action}" for action in actions} <= set(ALL_WORDS)


def test_what_a_replay_did_names_the_replay(scene: Scene, payratchet: Run) -> None:
    scene.announce("p1")
    scene.break_for("p1", "RAISE EXCEPTION 'broken'")
    [event_id] = scene.hear(capture("p1"))
    scene.drain()
    letter = str(scene.letter_id(event_id))
    for _ in range(2):
        replayed = payratchet("dead-letters", "replay", letter, "--json")
        scene.drain()
        scene.mend() if replayed.code == 1 else None
    failed, went_through = [row[0] for row in scene.rows("SELECT id FROM replay_jobs ORDER BY id")]
    again = json.loads(payratchet("events", "replay", str(event_id), "--json").out)["replay_id"]

    entries = explain(payratchet)["entries"]

    of_replays = [(each["kind"], each["replay_id"]) for each in entries if each["replay_id"]]
    assert ("dead_letter", failed) in of_replays
    assert ("attempt", failed) in of_replays
    assert ("dead_letter", went_through) in of_replays
    assert ("event", again) in of_replays
    for each in entries:
        assert each["replay_id"] is None or f"(replay {each['replay_id']})" in each["summary"]
