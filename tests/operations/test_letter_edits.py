"""Editing by the command line: what is said before, what is masked, and what came of it."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from domain.editing import EditRefused
from domain.operators import Role
from tests.operations import people
from tests.operations.limits import set_limit
from tests.workers.processes import ROOT, landmines
from tests.workers.scene import body, capture
from workers.apply import apply_events
from workers.replaying.apart import changed_apart, read_apart
from workers.replaying.edit_reading import Given

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.operations.conftest import Said
    from tests.workers.scene import Scene

    Run = Callable[..., Said]

RIGHT = ("--set", "data.reference=p1", "--reason", "mistyped", "--json")


def read(said: Said) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(said.out)
    return told


def dead(scene: Scene, content: bytes | None = None) -> str:
    """Let a capture die that should have been about p1; return its letter."""
    scene.announce("p1")
    [event_id] = scene.hear(content or capture("p1x", 1_000, "T1"))
    return str(scene.letter_id(event_id))


def killer(scene: Scene, source: str, amount_minor: int = 1_000) -> str:
    """Let an event be set aside that kills whoever reads it; return its letter."""
    scene.announce("p1")
    event_id = scene.receive(capture("p1x", amount_minor, "T1"), source=source)
    scene.execute("DELETE FROM inbound_work")
    scene.execute(
        "INSERT INTO dead_letters (event_id, received_at, source, account, event_type, reason,"
        " error_class, fingerprint, message, attempts)"
        " SELECT id, received_at, source, account, 'unread', 'crash_loop', 'CrashLoop', 'f1',"
        " 'it kills', 3 FROM inbound_events WHERE id = %s",
        [event_id],
    )
    return str(scene.letter_id(event_id))


def test_a_dry_run_says_what_it_would_move_and_changes_nothing(
    payratchet: Run, scene: Scene
) -> None:
    letter = dead(scene)

    said = payratchet("dead-letters", "edit", letter, "--dry-run", *RIGHT)

    told = read(said)
    assert (said.code, told["dry_run"], told["moves_minor"]) == (0, True, {"NGN": 1_000})
    assert told["diff"][0]["pointer"] == "/data/reference"
    assert "warning" not in told
    assert scene.value("SELECT count(*) FROM event_edits") == 0
    assert scene.letters()[0][2] == "open"


def test_another_transaction_leaves_the_first_ones_money_in_suspense_and_that_is_said_before(
    payratchet: Run, scene: Scene
) -> None:
    letter = dead(scene)
    words = ("dead-letters", "edit", letter, "--set", "data.id=T9", *RIGHT[:-1])

    dry = payratchet(*words, "--dry-run")
    asked = read(payratchet(*words, "--dry-run", "--json"))
    done = read(payratchet(*words, "--json"))

    warning = "10.00 NGN that came with the original stays in suspense"
    assert warning in dry.out
    assert asked["left_in_suspense_minor"] == done["left_in_suspense_minor"] == {"NGN": 1_000}
    assert done["warning"].startswith(warning)
    assert (scene.credit(), scene.account("suspense")) == (1_000, 1_000)


def test_a_second_person_is_shown_what_stays_in_suspense(payratchet: Run, scene: Scene) -> None:
    letter = dead(scene)
    set_limit(scene.url, "1")

    said = payratchet("dead-letters", "edit", letter, "--set", "data.id=T9", *RIGHT)

    assert read(said)["left_in_suspense_minor"] == {"NGN": 1_000}
    [question] = read(payratchet("approvals", "list", "--json"))["items"]
    assert question["shown"]["left_in_suspense"] == {"NGN": 1_000}


def test_what_an_edit_changed_is_masked_as_bodies_are(payratchet: Run, scene: Scene) -> None:
    secret = "ada lovelace"
    content = body("payment.succeeded", "p1x", "T1", amount_minor=1_000, currency="NGN", name="x")
    letter = dead(scene, content)
    done = read(payratchet("dead-letters", "edit", letter, "--set", f"data.name={secret}", *RIGHT))

    shown = [
        payratchet("dead-letters", "show", letter, "--json"),
        payratchet("dead-letters", "show", letter),
        payratchet("events", "show", str(done["event_id"]), "--json"),
        payratchet("events", "show", str(done["event_id"])),
    ]

    assert all(said.code == 0 and secret not in said.out for said in shown)
    [edit] = read(shown[0])["edits"]
    assert {each["pointer"]: (each["before"], each["after"]) for each in edit["diff"]} == {
        "/data/name": ('"***"', '"***"'),
        "/data/reference": ('"p1x"', '"p1"'),
    }


def test_the_values_of_an_edit_are_for_those_who_decide(payratchet: Run, scene: Scene) -> None:
    secret = "ada lovelace"
    content = body("payment.succeeded", "p1x", "T1", amount_minor=1_000, currency="NGN", name="x")
    letter = dead(scene, content)
    set_limit(scene.url, "1")
    payratchet("dead-letters", "edit", letter, "--set", f"data.name={secret}", *RIGHT)
    viewer = people.appoint(scene.url, "vic", Role.VIEWER)

    for words in (("list",), ("show", "1")):
        decider = payratchet("approvals", *words, "--json")
        assert secret in decider.out
        for token in (None, viewer):
            stranger = payratchet("approvals", *words, "--json", PAYRATCHET_OPERATOR_TOKEN=token)
            assert (stranger.code, secret in stranger.out) == (0, False)


def test_an_agreement_to_what_dies_again_ends_with_one_and_says_what_became_of_it(
    payratchet: Run, scene: Scene
) -> None:
    letter = dead(scene)
    set_limit(scene.url, "1")
    asked = read(
        payratchet("dead-letters", "edit", letter, "--set", "data.amount_minor=999", *RIGHT)
    )
    token = people.appoint(scene.url, "bo", Role.APPROVER)
    words = ("approvals", "approve", str(asked["approval_id"]), "--reason", "seen", "--json")

    said = payratchet(*words, PAYRATCHET_OPERATOR_TOKEN=token)

    done = read(said)["done"]
    assert (said.code, read(said)["status"], done["became"]) == (1, "approved", "dead")
    assert said.err.startswith("approved_in_vain: ")
    assert f"set aside as dead letter {done['new_dead_letter_id']}: mismatch" in said.err
    assert scene.credit() == 0


def test_a_body_that_kills_its_readers_kills_no_command_that_edits_it(
    process: Run, scene: Scene
) -> None:
    """Both the command and its child know the provider whose adapter kills whoever calls it."""
    letter = killer(scene, "landmine")

    with landmines() as folder:
        said = process("dead-letters", "edit", letter, *RIGHT, PYTHONPATH=f"{folder}:{ROOT}")

    assert (said.code, said.err.partition(":")[0]) == (1, "edit_refused")
    assert "kills whoever reads it: a process of its own ended with 9" in said.err
    assert scene.letters()[0][1:] == ("crash_loop", "open")


DEADLY_JSON = """
import os
import domain.strict_json

domain.strict_json.parse = lambda body: os._exit(9)
"""
"""Every Python that has this on its path dies of reading a body, our children too."""


def test_no_place_of_a_body_that_kills_its_readers_is_set_in_the_process_of_the_command(
    process: Run, scene: Scene, tmp_path: Path
) -> None:
    letter = killer(scene, "standard-webhooks")
    (tmp_path / "sitecustomize.py").write_text(DEADLY_JSON)

    said = process("dead-letters", "edit", letter, *RIGHT, PYTHONPATH=f"{tmp_path}:{ROOT}")

    assert (said.code, said.err.partition(":")[0]) == (1, "edit_refused")
    assert "a process of its own ended with 9" in said.err


def test_an_edit_of_a_killer_is_read_apart_and_left_to_a_process_of_its_own(
    payratchet: Run, scene: Scene
) -> None:
    letter = killer(scene, "standard-webhooks")

    said = payratchet("dead-letters", "edit", letter, *RIGHT)
    done = read(said)
    left_alone = (scene.credit(), scene.value("SELECT lane FROM inbound_work"))
    apply_events(scene.database, [done["event_id"]], worker="test", in_quarantine=True)

    assert (said.code, done["became"]) == (1, "owed")
    assert "a process of its own" in done["message"]
    assert left_alone == (0, "quarantine")
    assert scene.credit() == 1_000


def test_an_edit_of_a_killer_is_held_against_what_its_payment_was_asked_for(
    payratchet: Run, scene: Scene
) -> None:
    letter = killer(scene, "standard-webhooks", amount_minor=1)
    set_limit(scene.url, "999")

    said = payratchet("dead-letters", "edit", letter, *RIGHT)

    assert (said.code, read(said)["status"]) == (1, "waiting_approval")


def test_a_reader_apart_has_only_so_much_time() -> None:
    given = Given("standard-webhooks", "default", capture("p1"), capture("p2"), "p1", "edit:1:x")

    with pytest.raises(EditRefused, match="did not end within"):
        read_apart(given, within_s=0.001)
    with pytest.raises(EditRefused, match="there is no 'nowhere' there"):
        changed_apart(capture("p1"), [("nowhere.at.all", 1)])
    changed = changed_apart(capture("p1"), [("data.amount_minor", Decimal("12.50"))])
    assert b"12.50" in changed
