"""`payratchet dead-letters`: found, decided, told, by people who may."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

from domain.operators import Role
from tests.operations import people
from tests.replaying.pile import pile
from tests.workers.scene import capture

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

    from tests.operations.conftest import Said
    from tests.workers.scene import Scene

    Run = Callable[..., Said]

TESTER = f"operator:{people.TESTER}"


def told(said: Said) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(said.out)
    return found


def ids(payratchet: Run, *words: str) -> list[int]:
    said = payratchet("dead-letters", "list", *words, "--json")
    return [item["id"] for item in told(said)["items"]]


def actions(scene: Scene, letter_id: int) -> list[tuple[str, str, str]]:
    rows = scene.rows(
        "SELECT action, actor, reason FROM dead_letter_actions WHERE dead_letter_id = %s"
        " AND action <> 'died' ORDER BY id",
        [letter_id],
    )
    return [(row[0], row[1], row[2]) for row in rows]


def test_each_filter_narrows_the_list_and_they_narrow_each_other(
    payratchet: Run, scene: Scene
) -> None:
    pile(scene, 3)
    pile(scene, 2, first=4, fingerprint="f2", reason="permanent")
    scene.hear(capture("elsewhere", 7_000))
    scene.execute("UPDATE dead_letters SET dead_at = now() - interval '2 h' WHERE id = 2")

    assert ids(payratchet) == [6, 5, 4, 3, 2, 1]
    for words, found in (
        (("--fingerprint", "f2"), [5, 4]),
        (("--reason", "unknown_reference"), [6]),
        (("--reason", "exhausted", "--older-than", "1h"), [2]),
        (("--amount-over", "1000"), [6]),
        (("--amount-over", "7000"), []),
        (("--type", "payment.succeeded", "--fingerprint", "f1"), [3, 2, 1]),
        (("--provider", "paystack"), []),
        (("--reference", "p5"), [5]),
        (("--status", "resolved"), []),
        (("--limit", "2"), [6, 5]),
        (("--limit", "2", "--cursor", "5"), [4, 3]),
    ):
        assert ids(payratchet, *words) == found, words


def test_groups_name_each_cause_once_with_its_size_its_money_and_its_words(
    payratchet: Run, scene: Scene
) -> None:
    pile(scene, 3)
    pile(scene, 1, first=4, fingerprint="f2", reason="permanent")
    scene.execute("UPDATE dead_letters SET currency = 'USD' WHERE id = 1")

    found = told(payratchet("dead-letters", "groups", "--json"))["items"]
    table = payratchet("dead-letters", "groups", COLUMNS="200")

    assert [
        (g["fingerprint"], g["letters"], g["amounts_minor"], g["sample_id"]) for g in found
    ] == [
        ("f1", 3, {"NGN": 2_000, "USD": 1_000}, 3),
        ("f2", 1, {"NGN": 1_000}, 4),
    ]
    assert {g["message"] for g in found} == {"broken"}
    assert "f1" in table.out
    assert "2000 NGN, 1000 USD" in table.out


def test_a_letter_shows_its_body_masked_and_its_payment_as_it_stands(
    payratchet: Run, scene: Scene
) -> None:
    scene.announce("p1")
    scene.hear(capture("p1", 999, customer={"email": "ada@example.com"}))

    said = payratchet("dead-letters", "show", "1", "--what-if", "--json")
    plain = payratchet("dead-letters", "show", "1", "--what-if")

    found = told(said)
    assert found["event"]["masked_body"]["data"] == {
        "id": "T1",
        "reference": "p1",
        "amount_minor": 999,
        "currency": "NGN",
        "customer": {"email": "***"},
    }
    assert "ada@example.com" not in said.out + plain.out
    assert (found["payment"]["reference"], found["payment"]["state"]) == ("p1", "review")
    assert [each["outcome"] for each in found["what_if"]["outcomes"]] == ["dead"]
    assert "what a replay would do now" in plain.out
    assert actions(scene, 1) == []


def test_whoever_sees_a_raw_body_has_it_written_down_first(payratchet: Run, scene: Scene) -> None:
    scene.hear(b'{"email":"ada@example.com\x1b"}')
    viewer = people.appoint(scene.url, "vic", Role.VIEWER)

    unsaid = payratchet("dead-letters", "reveal", "1", "--json")
    refused = payratchet(
        "dead-letters", "reveal", "1", "--reason", "curious", PAYRATCHET_OPERATOR_TOKEN=viewer
    )
    shown = payratchet("dead-letters", "reveal", "1", "--reason", "case 7", "--json")
    plain = payratchet("dead-letters", "reveal", "1", "--reason", "case 7")

    assert (unsaid.code, refused.code, shown.code) == (2, 1, 0)
    assert refused.err.startswith("role_missing: ")
    assert told(shown)["body"] == '{"email":"ada@example.com\x1b"}'
    assert "\x1b" not in plain.out
    assert actions(scene, 1) == [("revealed", TESTER, "case 7")] * 2


def test_letters_are_discarded_and_reopened_by_filter_with_reason_and_actor(
    payratchet: Run, scene: Scene
) -> None:
    pile(scene, 3)
    pile(scene, 1, first=4, fingerprint="f2")
    by_cause = ("--fingerprint", "f1")

    unsure = payratchet("dead-letters", "discard", *by_cause, "--reason", "tests")
    gone = payratchet("dead-letters", "discard", *by_cause, "--reason", "tests", "--yes", "--json")
    back = payratchet("dead-letters", "reopen", "2", "--reason", "a real one", "--json")
    twice = payratchet("dead-letters", "reopen", "2", "--reason", "a real one", "--json")

    assert (unsure.code, gone.code, back.code, twice.code) == (1, 0, 0, 1)
    assert (told(gone), told(back)) == (
        {"matched": 3, "discarded": 3},
        {"matched": 1, "reopened": 1},
    )
    assert twice.err.startswith("dead_letter_not_discarded: ")
    assert ids(payratchet) == [4, 2]
    assert actions(scene, 2) == [("discarded", TESTER, "tests"), ("reopened", TESTER, "a real one")]


def test_letters_have_owners_and_notes(payratchet: Run, scene: Scene) -> None:
    pile(scene, 2)

    payratchet("dead-letters", "assign", "1", "--to", "bo", "--reason", "knows them")
    payratchet("dead-letters", "note", "1", "--text", "asked the bank")
    payratchet("dead-letters", "assign", "2", "--reason", "nobody's")

    assert ids(payratchet, "--owner", "bo") == [1]
    assert actions(scene, 1) == [
        ("assigned", TESTER, "to bo: knows them"),
        ("noted", TESTER, "asked the bank"),
    ]
    assert actions(scene, 2) == [("assigned", TESTER, "to nobody: nobody's")]


def test_all_of_them_must_be_said_and_ids_and_filters_do_not_go_together(
    payratchet: Run, scene: Scene
) -> None:
    pile(scene, 2)

    for words in (
        ("discard",),
        ("discard", "1", "--all"),
        ("discard", "1", "--fingerprint", "f1"),
        ("replay",),
        ("replay", "--filter", "colour=red"),
        ("replay", "--filter", "older-than=soon"),
        ("replay", "0"),
        ("edit", "1"),
        ("export", "--raw"),
        ("export", "--raw", "--why", "x", "--format", "csv"),
    ):
        assert payratchet("dead-letters", *words).code == 2, words
    everything = payratchet("dead-letters", "discard", "--all", "--yes", "--reason", "r", "--json")
    assert told(everything)["discarded"] == 2


def test_an_export_has_every_letter_and_no_body_unless_that_is_written_down(
    payratchet: Run, scene: Scene, tmp_path: Path
) -> None:
    pile(scene, 3)
    scene.execute("UPDATE dead_letters SET message = '=HYPERLINK(1)' WHERE id = 2")
    scene.hear(b"\xff\xfe")

    lines = payratchet("dead-letters", "export")
    table = payratchet("dead-letters", "export", "--format", "csv", "--fingerprint", "f1")
    file = tmp_path / "letters.jsonl"
    raw = payratchet(
        *("dead-letters", "export", "--raw", "--why", "for the auditor", "--output", str(file)),
        "--json",
    )

    found = [json.loads(line) for line in lines.out.splitlines()]
    assert [each["id"] for each in found] == [1, 2, 3, 4]
    assert all("body" not in each and "raw" not in each for each in found)
    rows = list(csv.DictReader(io.StringIO(table.out)))
    assert [row["message"] for row in rows] == ["broken", "'=HYPERLINK(1)", "broken"]
    assert (raw.code, told(raw)) == (0, {"exported": 4})
    bodies = [json.loads(line) for line in file.read_text().splitlines()]
    assert json.loads(bodies[0]["body"])["data"]["reference"] == "p1"
    assert bodies[3]["body_base64"] == "//4="
    assert actions(scene, 4) == [("exported", TESTER, "for the auditor")]


def test_an_edit_by_command_shows_the_difference_and_what_became_of_it(
    payratchet: Run, scene: Scene, tmp_path: Path
) -> None:
    scene.announce("p1", "p2")
    scene.hear(capture("p1x", object_id="T1"), capture("p2x", object_id="T2"))
    file = tmp_path / "body.json"
    file.write_bytes(capture("p2", object_id="T2"))

    done = payratchet(
        *("dead-letters", "edit", "1", "--set", "data.reference=p1", "--reason", "typo", "--json"),
    )
    whole = payratchet("dead-letters", "edit", "2", "--body-file", str(file), "--reason", "typo")
    again = payratchet(
        *("dead-letters", "edit", "1", "--set", "data.reference=p2", "--reason", "typo"),
    )
    shown = told(payratchet("dead-letters", "show", "1", "--json"))

    assert (done.code, whole.code, again.code) == (0, 0, 1)
    assert told(done)["became"] == "applied"
    assert told(done)["diff"] == [
        {"pointer": "/data/reference", "before": '"p1x"', "after": '"p1"'}
    ]
    assert "/data/reference" in whole.out
    assert again.err.startswith("dead_letter_not_open: ")
    assert [each["child_event_id"] for each in shown["edits"]] == [told(done)["event_id"]]
    assert (scene.state("p1"), scene.state("p2")) == ("completed", "completed")


def test_text_of_a_payload_cannot_steer_the_terminal(payratchet: Run, scene: Scene) -> None:
    pile(scene, 1)
    scene.execute("UPDATE dead_letters SET message = E'a\\x1b[31mb', event_type = E't\\x07'")

    for words in (("list",), ("groups",), ("show", "1"), ("replay", "1", "--dry-run")):
        said = payratchet("dead-letters", *words)
        assert said.code == 0
        assert "\x1b" not in said.out, words
        assert "\x07" not in said.out, words


def test_nobody_changes_a_letter_without_being_somebody(
    payratchet: Run, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PAYRATCHET_OPERATOR_TOKEN", raising=False)
    pile(scene, 1)
    viewer = people.appoint(scene.url, "vic", Role.VIEWER)

    for words in (
        ("replay", "1"),
        ("replay", "1", "--dry-run"),
        ("discard", "1"),
        ("reopen", "1"),
        ("assign", "1", "--to", "vic"),
        ("note", "1", "--text", "x"),
        ("edit", "1", "--set", "type=x"),
        ("export", "--raw", "--why", "x"),
    ):
        for token, code in ((None, "operator_token_missing"), (viewer, "role_missing")):
            said = payratchet("dead-letters", *words, PAYRATCHET_OPERATOR_TOKEN=token)
            assert (said.code, said.err.split(":")[0]) == (1, code), words
    assert actions(scene, 1) == []
