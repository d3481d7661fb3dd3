"""Correcting by command: seen first, said with a reason, and by two people where it is much."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import redis

from domain.operators import Role
from domain.wakeup import CHANGES_CHANNEL
from tests.operations import people
from tests.operations.limits import set_limit
from tests.workers.scene import body, capture, refund
from workers.verify import verify

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.operations.conftest import Said
    from tests.workers.scene import Scene

    Run = Callable[..., Said]

CORRECT = ("payments", "correct", "p1", "--to", "completed", "--reason", "the payer called")
TOLD_S_MAX = 5.0
WRITE_OFF = ("payments", "write-off", "p1", "--reason", "the card is gone")


@pytest.fixture
def mismatched(scene: Scene) -> Scene:
    """12.50 NGN came where 10.00 NGN was asked."""
    scene.announce("p1")
    scene.hear(capture("p1", 1_250))
    return scene


@pytest.fixture
def ben(scene: Scene) -> str:
    """Return the token of an approver."""
    return people.appoint(scene.url, "ben", Role.APPROVER)


def untouched(scene: Scene) -> None:
    assert (scene.state("p1"), scene.credit(), scene.account("suspense")) == ("review", 0, 1_250)
    assert scene.value("SELECT count(*) FROM payment_corrections") == 0


def read(said: Said) -> dict[str, Any]:
    shown: dict[str, Any] = json.loads(said.out)
    return shown


def test_a_dry_run_shows_state_and_ledger_before_and_after_and_changes_nothing(
    mismatched: Scene, payratchet: Run
) -> None:
    said = payratchet(
        "payments", "correct", "p1", "--to", "completed", "--dry-run", "--json",
        PAYRATCHET_OPERATOR_TOKEN=None,
    )  # fmt: skip

    assert said.code == 0
    shown = read(said)
    assert shown["status"] == "dry_run"
    assert (shown["before"]["state"], shown["after"]["state"]) == ("review", "completed")
    assert shown["ledger"] == [
        {
            "account": "customer_credit:ada",
            "currency": "NGN",
            "before_minor": 0,
            "after_minor": 1_250,
        },
        {"account": "suspense", "currency": "NGN", "before_minor": 1_250, "after_minor": 0},
    ]
    assert shown["moves"] == {"NGN": 1_250}
    untouched(mismatched)


def test_a_correction_does_what_its_dry_run_showed(mismatched: Scene, payratchet: Run) -> None:
    shown = read(payratchet(*CORRECT, "--dry-run", "--json"))
    said = payratchet(*CORRECT, "--yes", "--json")

    assert said.code == 0
    assert read(said) == {**shown, "status": "corrected"}
    assert (mismatched.state("p1"), mismatched.credit()) == ("completed", 1_250)
    assert mismatched.steps("p1")[-1] == "review -corrected-> completed"
    assert verify(mismatched.database).problems == []


def test_people_see_it_and_are_asked(mismatched: Scene, payratchet: Run) -> None:
    refused = payratchet(*CORRECT, typed="n\n")
    assert refused.code == 1
    assert "review -> completed" in refused.err
    assert "0.00 NGN -> 12.50 NGN" in refused.err
    untouched(mismatched)

    assert payratchet(*CORRECT, typed="y\n").code == 0
    assert mismatched.credit() == 1_250


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("p1", "--to", "completed", "--yes"), "validation_failed"),
        (("p1", "--to", "completed", "--yes", "--reason", "  "), "validation_failed"),
        (("p1", "--to", "failed", "--yes", "--reason", "x"), "correction_unfounded"),
        (("p1", "--to", "disputed", "--yes", "--reason", "x"), "correction_unfounded"),
        (("nobody", "--to", "failed", "--yes", "--reason", "x"), "payment_unknown"),
    ],
)
def test_what_cannot_be_done_is_refused_by_name_and_changes_nothing(
    mismatched: Scene, payratchet: Run, words: tuple[str, ...], code: str
) -> None:
    said = payratchet("payments", "correct", *words, "--json")

    assert (said.code, said.out) == (1, "")
    assert said.err.startswith(f"{code}: ")
    untouched(mismatched)


def test_who_may_only_look_corrects_nothing(mismatched: Scene, payratchet: Run) -> None:
    token = people.appoint(mismatched.url, "vic", Role.VIEWER)
    for words in (CORRECT, ("payments", "correct", "p1", "--to", "refunded", "--reason", "x")):
        said = payratchet(*words, "--yes", PAYRATCHET_OPERATOR_TOKEN=token)
        assert (said.code, said.err.partition(":")[0]) == (1, "role_missing")
    untouched(mismatched)


def test_a_mismatch_above_the_limit_is_corrected_by_two_people(
    mismatched: Scene, payratchet: Run, ben: str
) -> None:
    """The drill: explain, dry run, ask, the second person looks and agrees, the credit is there."""
    explained = read(payratchet("payments", "explain", "p1", "--json"))
    assert explained["verdict"]["rule"] == "held_in_suspense"
    set_limit(mismatched.url, "NGN=1249")

    asked = payratchet(*CORRECT, "--yes", "--json")

    assert asked.code == 1
    assert asked.err.startswith("approval_needed: ")
    question = read(asked)
    assert (question["approval_id"], question["status"]) == (1, "waiting_approval")
    untouched(mismatched)
    again = payratchet(*CORRECT, "--yes", "--json")
    assert read(again)["approval_id"] == 1
    own = payratchet("approvals", "approve", "1", "--reason", "me too")
    assert (own.code, own.err.partition(":")[0]) == (1, "role_missing")
    untouched(mismatched)
    listed = read(payratchet("approvals", "show", "1", "--json", PAYRATCHET_OPERATOR_TOKEN=ben))
    assert listed["shown"]["ledger"] == question["ledger"]

    agreed = payratchet(
        "approvals", "approve", "1", "--reason", "I saw the receipt", "--json",
        PAYRATCHET_OPERATOR_TOKEN=ben,
    )  # fmt: skip

    assert agreed.code == 0
    assert (mismatched.state("p1"), mismatched.credit()) == ("completed", 1_250)
    assert [each[2] for each in mismatched.letters()] == ["resolved"]
    [decided] = mismatched.rows("SELECT actor, approved_by, reason FROM payment_corrections")
    assert decided == ("operator:tester", "operator:ben", "the payer called")
    assert verify(mismatched.database).problems == []
    twice = payratchet("approvals", "approve", "1", "--reason", "x", PAYRATCHET_OPERATOR_TOKEN=ben)
    assert twice.code == 1
    assert mismatched.credit() == 1_250


def test_an_agreement_to_what_has_changed_since_does_nothing(
    mismatched: Scene, payratchet: Run, ben: str
) -> None:
    set_limit(mismatched.url, "0")
    payratchet(*CORRECT, "--yes")
    mismatched.hear(capture("p1", 700, "T2"))

    said = payratchet("approvals", "approve", "1", "--reason", "x", PAYRATCHET_OPERATOR_TOKEN=ben)

    assert (said.code, said.err.partition(":")[0]) == (1, "approval_stale")
    assert (mismatched.state("p1"), mismatched.credit()) == ("review", 0)


def test_what_a_second_person_refuses_is_not_done(
    mismatched: Scene, payratchet: Run, ben: str
) -> None:
    set_limit(mismatched.url, "0")
    payratchet(*CORRECT, "--yes")

    said = payratchet("approvals", "reject", "1", "--reason", "no", PAYRATCHET_OPERATOR_TOKEN=ben)

    assert said.code == 0
    untouched(mismatched)


def test_a_correction_that_moves_no_money_needs_one_person(scene: Scene, payratchet: Run) -> None:
    scene.announce("p1")
    set_limit(scene.url, "0")

    said = payratchet("payments", "correct", "p1", "--to", "failed", "--reason", "x", "--yes")

    assert said.code == 0
    assert scene.state("p1") == "failed"


@pytest.fixture
def lost(scene: Scene) -> Scene:
    """A lost dispute took 10.00 NGN of which the customer had spent 6.00 NGN."""
    scene.announce("p1")
    scene.announce("p2", amount_minor=600)
    scene.hear(capture("p1"), capture("p2", 600), refund("p2", 1_200, "R2"))
    scene.hear(body("dispute.lost", "p1", "D1", amount_minor=1_000, currency="NGN"))
    assert scene.credit() == -600
    return scene


def test_a_loss_is_written_off_once(lost: Scene, payratchet: Run) -> None:
    dry = read(payratchet(*WRITE_OFF, "--dry-run", "--json"))
    said = payratchet(*WRITE_OFF, "--yes", "--json")
    again = payratchet(*WRITE_OFF, "--yes", "--json")

    assert (said.code, again.code) == (0, 1)
    assert dry["moves"] == {"NGN": 600}
    assert read(said) == {**dry, "status": "written_off"}
    assert again.err.startswith("write_off_unfounded: ")
    assert (lost.credit(), lost.account("chargeback_loss")) == (0, -600)
    assert verify(lost.database).problems == []


def test_a_loss_above_the_limit_is_written_off_by_two_people(
    lost: Scene, payratchet: Run, ben: str
) -> None:
    set_limit(lost.url, "599")
    asked = payratchet(*WRITE_OFF, "--yes", "--json")
    assert (asked.code, lost.credit()) == (1, -600)

    said = payratchet("approvals", "approve", "1", "--reason", "ok", PAYRATCHET_OPERATOR_TOKEN=ben)

    assert said.code == 0
    assert lost.credit() == 0
    [(actor, details)] = lost.rows(
        "SELECT actor, details FROM operator_actions WHERE action = 'payment_written_off'"
    )
    assert (actor, details["approved_by"]) == ("operator:tester", "operator:ben")


def test_whoever_waits_for_the_payment_is_told(
    mismatched: Scene, payratchet: Run, redis_url: str
) -> None:
    with redis.Redis.from_url(redis_url) as client, client.pubsub() as heard:
        heard.subscribe(CHANGES_CHANNEL)
        assert heard.get_message(timeout=TOLD_S_MAX) is not None

        payratchet(*CORRECT, "--yes", REDIS_URL=redis_url)

        told = heard.get_message(ignore_subscribe_messages=True, timeout=TOLD_S_MAX)
    assert told is not None
    assert told["data"] == b"p1"
    assert mismatched.state("p1") == "completed"
