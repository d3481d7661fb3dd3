"""`payratchet dead-letters replay`, `replays` and `events`: from the words to the outcome."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from domain.operators import Role
from tests.operations import people
from tests.operations.limits import set_limit
from tests.replaying.pile import frozen, pile, statuses
from tests.replaying.tables import dump
from tests.workers.scene import capture

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.operations.conftest import Said
    from tests.workers.scene import Scene

    Run = Callable[..., Said]

UNUSED = b'{"type":"invoice.created","data":{"reference":"p1"}}'


def told(said: Said) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(said.out)
    return found


def test_a_group_is_replayed_and_reported_in_the_shape_of_the_contract(
    payratchet: Run, scene: Scene
) -> None:
    pile(scene, 12)
    pile(scene, 1, first=13, fingerprint="f2")

    said = payratchet(
        *("dead-letters", "replay", "--filter", "fingerprint=f1", "--yes", "--json"),
        *("--reason", "mended in 1.2", "--rate", "2000"),
    )

    assert said.code == 0
    report = told(said)
    assert (
        report.items()
        >= {
            "dry_run": False,
            "matched": 12,
            "replayed": 12,
            "succeeded": 12,
            "failed": 0,
            "skipped": 0,
            "aborted": False,
            "ledger_diff": {"NGN": 12_000},
            "status": "done",
        }.items()
    )
    assert statuses(scene) == {"resolved": 12, "open": 1}
    shown = told(payratchet("replays", "show", str(report["replay_id"]), "--json"))
    assert [each["action"] for each in shown["history"]] == [
        *("made", "started", "canary_passed", "done"),
    ]
    assert {(a["actor"], a["reason"]) for a in shown["history"][:1]} == {
        (f"operator:{people.TESTER}", "mended in 1.2")
    }


def test_a_dry_run_says_what_would_happen_and_changes_nothing(
    payratchet: Run, scene: Scene
) -> None:
    pile(scene, 3, unreadable=[2])
    before = dump(scene)

    said = payratchet("dead-letters", "replay", "--all", "--dry-run", "--json")
    plain = payratchet("dead-letters", "replay", "--all", "--dry-run", COLUMNS="120")

    assert (said.code, plain.code) == (0, 0)
    report = told(said)
    assert (report["dry_run"], report["replay_id"]) == (True, None)
    assert (report["matched"], report["succeeded"], report["failed"]) == (3, 2, 1)
    assert report["ledger_diff"] == {"NGN": 2_000}
    assert "pending -> completed" in plain.out
    assert "customer_credit:ada" in plain.out
    assert dump(scene) == before


def test_a_canary_that_fails_ends_the_command_with_1_and_says_why(
    payratchet: Run, scene: Scene
) -> None:
    pile(scene, 20, unreadable=[1])

    said = payratchet("dead-letters", "replay", "--all", "--yes", "--json")

    assert said.code == 1
    report = told(said)
    assert (report["aborted"], report["failed"], report["succeeded"]) == (True, 1, 0)
    assert report["why"].startswith("canary_failed")
    assert scene.value("SELECT count(*) FROM payment_transitions") == 0


def test_bounds_that_are_given_count(payratchet: Run, scene: Scene) -> None:
    pile(scene, 30, unreadable=[2, 3])

    said = payratchet(
        *("dead-letters", "replay", "--all", "--yes", "--json", "--canary", "0"),
        *("--max-failures", "1"),
    )

    assert (said.code, told(said)["failed"], told(said)["aborted"]) == (1, 2, True)


def test_the_same_operation_key_is_the_same_replay(payratchet: Run, scene: Scene) -> None:
    pile(scene, 2)
    words = ("dead-letters", "replay", "1", "2", "--yes", "--json", "--operation-key", "k1")

    first, again = payratchet(*words), payratchet(*words)
    other = payratchet("dead-letters", "replay", "--all", "--operation-key", "k1", "--json")

    assert (first.code, again.code) == (0, 0)
    assert told(first)["replay_id"] == told(again)["replay_id"]
    assert told(again)["succeeded"] == 2
    assert (scene.top_ups(), scene.value("SELECT count(*) FROM replay_jobs")) == (2, 1)
    assert (other.code, other.err.split(":")[0]) == (1, "operation_key_reused")


def test_nothing_that_matches_is_no_failure_and_a_closed_letter_is(
    payratchet: Run, scene: Scene
) -> None:
    pile(scene, 1)

    nothing = payratchet("dead-letters", "replay", "--provider", "paystack", "--json")
    done = payratchet("dead-letters", "replay", "1", "--json")
    closed = payratchet("dead-letters", "replay", "1", "--json")

    assert (nothing.code, told(nothing)["matched"], told(nothing)["replay_id"]) == (0, 0, None)
    assert (done.code, closed.code) == (0, 1)
    assert closed.err == "dead_letter_not_open: not open, or not there: 1\n"


def test_many_are_replayed_only_when_somebody_is_sure(payratchet: Run, scene: Scene) -> None:
    pile(scene, 3)

    said = payratchet("dead-letters", "replay", "--all")

    assert said.code == 1
    assert "Replay dead letters: 3?" in said.err
    assert statuses(scene) == {"open": 3}


def test_money_above_the_limit_is_replayed_when_an_approver_agrees(
    payratchet: Run, scene: Scene
) -> None:
    pile(scene, 3)
    approver = people.appoint(scene.url, "bo", Role.APPROVER)
    set_limit(scene.url, "2999")

    asked = payratchet("dead-letters", "replay", "--all", "--yes", "--json")
    waiting = told(asked)
    approved = payratchet(
        *("approvals", "approve", str(waiting["approval_id"]), "--reason", "agreed", "--json"),
        PAYRATCHET_OPERATOR_TOKEN=approver,
    )
    shown = told(payratchet("replays", "show", str(waiting["replay_id"]), "--json"))

    assert (asked.code, waiting["status"]) == (1, "waiting_approval")
    assert "approvals approve" in asked.err
    assert approved.code == 0
    assert (shown["status"], shown["succeeded"], shown["waiting"]) == ("running", 0, 3)


def test_a_replay_left_to_the_relay_is_listed_shown_and_steered(
    payratchet: Run, scene: Scene
) -> None:
    pile(scene, 2)
    said = payratchet("dead-letters", "replay", "--all", "--yes", "--no-wait", "--json")
    replay_id = str(told(said)["replay_id"])

    paused = payratchet("replays", "pause", replay_id, "--reason", "lunch", "--json")
    resumed = payratchet("replays", "resume", replay_id, "--json")
    cancelled = payratchet("replays", "cancel", replay_id, "--reason", "not now", "--json")
    late = payratchet("replays", "resume", replay_id)
    unknown = payratchet("replays", "show", "99")
    listed = told(payratchet("replays", "list", "--status", "cancelled", "--json"))["items"]

    assert (said.code, told(said)["status"]) == (0, "running")
    assert [told(each)["status"] for each in (paused, resumed, cancelled)] == [
        *("paused", "running", "cancelled"),
    ]
    assert (late.code, late.err.split(":")[0]) == (1, "replay_not_steerable")
    assert (unknown.code, unknown.err.split(":")[0]) == (1, "replay_unknown")
    assert [each["replay_id"] for each in listed] == [int(replay_id)]
    assert statuses(scene) == {"open": 2}
    assert payratchet("replays", "list").code == payratchet("replays", "show", replay_id).code == 0


def test_a_viewer_steers_nothing(payratchet: Run, scene: Scene) -> None:
    pile(scene, 1)
    made = frozen(scene)
    viewer = people.appoint(scene.url, "vic", Role.VIEWER)

    for turn in ("pause", "resume", "cancel"):
        said = payratchet("replays", turn, str(made.replay_id), PAYRATCHET_OPERATOR_TOKEN=viewer)
        assert said.err.startswith("role_missing: ")
    assert payratchet("events", "replay", "1", PAYRATCHET_OPERATOR_TOKEN=viewer).err.startswith(
        "role_missing: "
    )


def test_events_are_listed_by_what_became_of_them(payratchet: Run, scene: Scene) -> None:
    scene.announce("p1")
    scene.hear(capture("p1"))
    scene.hear(UNUSED, b"{}")
    scene.receive(capture("p1"))

    listed = told(payratchet("events", "list", "--json"))

    assert [(each["id"], each["became"]) for each in listed["items"]] == [
        *((4, "owed"), (3, "dead"), (2, "ignored"), (1, "applied")),
    ]
    assert listed["next_cursor"] is None
    for words, found in (
        (("--became", "ignored"), [2]),
        (("--reference", "p1"), []),
        (("--provider", "internal"), []),
        (("--limit", "2"), [4, 3]),
        (("--limit", "2", "--cursor", "3"), [2, 1]),
    ):
        said = told(payratchet("events", "list", *words, "--json"))
        assert [each["id"] for each in said["items"]] == found, words


def test_an_event_is_shown_masked_revealed_with_a_note_and_tried_again(
    payratchet: Run, scene: Scene
) -> None:
    [event_id] = scene.hear(b'{"type":"invoice.created","data":{"email":"ada@example.com"}}')

    shown = payratchet("events", "show", str(event_id), "--json")
    revealed = payratchet("events", "reveal", str(event_id), "--reason", "case 7", "--json")
    again = payratchet("events", "replay", str(event_id), "--reason", "upgraded", "--json")
    history = told(payratchet("events", "show", str(event_id), "--json"))["history"]
    missing = payratchet("events", "show", "99")

    assert "ada@example.com" not in shown.out
    assert told(shown)["masked_body"] == {"type": "invoice.created", "data": {"email": "***"}}
    assert "ada@example.com" in told(revealed)["body"]
    assert told(again)["items"] == [{"event_id": event_id, "became": "ignored"}]
    assert [(each["action"], each["reason"]) for each in history] == [
        *(("event_revealed", "case 7"), ("event_replayed", "upgraded")),
    ]
    assert (missing.code, missing.err.split(":")[0]) == (1, "event_unknown")
