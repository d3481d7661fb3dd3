"""Charged, and no credit: why it is so, and advice that heals it when it is followed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.operators import Role
from tests.operations import people
from tests.operations.explaining import explain, follow, healed
from tests.operations.limits import set_limit
from tests.workers.scene import body, capture, refund
from workers import history
from workers.store import inbox, payments
from workers.verify import verify

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.operations.conftest import Said
    from tests.workers.scene import Scene

    Run = Callable[..., Said]
    Explained = dict[str, Any]


def test_another_amount_arrived(scene: Scene, payratchet: Run) -> None:
    scene.announce("p1")
    scene.hear(capture("p1", 1_250))

    explained = explain(payratchet)

    assert explained["verdict"]["rule"] == "held_in_suspense"
    assert explained["verdict"]["why"] == (
        "12.50 NGN arrived where 10.00 NGN was asked; 12.50 NGN is held in suspense, and the"
        " customer has no credit."
    )
    follow(payratchet, explained)
    healed(scene, "p1", credit_minor=1_250)
    after = explain(payratchet)
    assert after["verdict"]["rule"] == "completed"
    assert [each["kind"] for each in after["entries"]][-4:] == [
        *("correction", "transition", "movement", "dead_letter")
    ]


def test_another_amount_arrived_and_was_given_back_at_the_till(
    scene: Scene, payratchet: Run
) -> None:
    scene.announce("p1")
    scene.hear(capture("p1", 1_250))

    follow(payratchet, explain(payratchet), step=1)

    healed(scene, "p1", credit_minor=0, state="refunded")


def test_nobody_announced_the_payment(scene: Scene, payratchet: Run) -> None:
    scene.hear(capture("p1", 1_000))

    explained = explain(payratchet)

    assert explained["payment"] is None
    assert explained["verdict"]["rule"] == "not_announced"
    assert "10.00 NGN that came for it is held in suspense" in explained["verdict"]["why"]
    assert [each["kind"] for each in explained["entries"]] == ["dead_letter"]
    follow(payratchet, explained)
    scene.drain()
    healed(scene, "p1", credit_minor=1_000)


def test_an_event_was_set_aside(scene: Scene, payratchet: Run) -> None:
    scene.announce("p1")
    scene.break_for("p1", "RAISE EXCEPTION 'broken'")
    scene.hear(capture("p1"))
    scene.drain()
    scene.mend()

    explained = explain(payratchet)

    assert explained["verdict"]["rule"] == "set_aside:exhausted"
    follow(payratchet, explained)
    healed(scene, "p1", credit_minor=1_000)


def cancel(scene: Scene, reference: str) -> None:
    """Do what a worker does when a service cancels."""
    event_id = scene.receive(b"{}", source="internal", lane="calls")
    with scene.database.transaction() as tx:
        known = payments.lock(tx, [reference])[reference]
        work = inbox.lock_one(tx, event_id, lanes=inbox.CALLS)
        assert work is not None
        payments.cancel(tx, known, history.cancelled(work, known, actor="client:shop"))
        inbox.finish(tx, [event_id])


def test_it_was_cancelled_and_then_paid(scene: Scene, payratchet: Run) -> None:
    scene.announce("p1")
    cancel(scene, "p1")
    assert explain(payratchet)["verdict"]["rule"] == "cancelled"
    scene.hear(capture("p1"))

    explained = explain(payratchet)

    assert explained["verdict"]["why"].startswith("10.00 NGN arrived after it was cancelled;")
    follow(payratchet, explained)
    healed(scene, "p1", credit_minor=1_000)


def test_it_was_paid_twice(scene: Scene, payratchet: Run) -> None:
    scene.announce("p1")
    scene.hear(capture("p1"), capture("p1", object_id="T2"))

    explained = explain(payratchet)

    assert explained["verdict"]["rule"] == "held_in_suspense"
    assert explained["verdict"]["why"].endswith("10.00 NGN too much is held in suspense.")
    assert explained["verdict"]["do"][-1]["what"].startswith("Or refund it at the provider")
    follow(payratchet, explained)
    healed(scene, "p1", credit_minor=2_000)


def test_the_surplus_was_refunded_at_the_provider(scene: Scene, payratchet: Run) -> None:
    """The advice without a command, followed."""
    scene.announce("p1")
    scene.hear(capture("p1"), capture("p1", object_id="T2"))

    scene.hear(refund("p1", 1_000, capture_id="T2"))

    assert explain(payratchet)["verdict"]["rule"] != "held_in_suspense"
    assert (scene.state("p1"), scene.credit()) == ("completed", 1_000)


def test_an_event_is_not_finished(scene: Scene, payratchet: Run) -> None:
    scene.announce("p1")
    scene.receive(capture("p1"), reference="p1")

    explained = explain(payratchet)

    assert explained["verdict"]["rule"] == "not_finished"
    assert "received and not finished" in explained["verdict"]["why"]
    scene.drain()
    assert "It is completed" in follow(payratchet, explained, step=1).out
    healed(scene, "p1", credit_minor=1_000)


def test_a_refund_came_before_its_capture(scene: Scene, payratchet: Run) -> None:
    scene.announce("p1")
    scene.hear(refund("p1", 400))

    explained = explain(payratchet)

    assert explained["verdict"]["rule"] == "missing_capture"
    assert "R1" in explained["verdict"]["why"]
    assert "webhook again" in explained["verdict"]["do"][0]["what"]
    scene.hear(capture("p1"))
    healed(scene, "p1", credit_minor=600, state="partially_refunded")


def test_a_lost_dispute_took_credit_that_was_spent(scene: Scene, payratchet: Run) -> None:
    scene.announce("p1")
    scene.hear(capture("p1"))
    scene.announce("p2", amount_minor=600)
    scene.hear(capture("p2", 600), refund("p2", 1_200, "R2"))
    scene.hear(
        body("dispute.lost", "p1", "D1", amount_minor=1_000, currency="NGN"),
    )
    assert scene.credit() == -600

    explained = explain(payratchet)

    assert explained["verdict"]["rule"] == "below_zero"
    follow(payratchet, explained)
    assert scene.credit() == 0
    after = explain(payratchet)
    assert after["verdict"]["rule"] == "charged_back"
    assert "written off: our loss" in after["entries"][-1]["summary"]
    assert verify(scene.database).problems == []


def test_the_money_of_its_transaction_is_another_payments(scene: Scene, payratchet: Run) -> None:
    scene.announce("p1", "p2")
    scene.hear(capture("p2", object_id="T1"))
    scene.hear(capture("p1", object_id="T1"))

    explained = explain(payratchet)

    assert explained["verdict"]["rule"] == "set_aside:mismatch"
    assert "another payment's" in explained["verdict"]["do"][0]["what"]
    follow(payratchet, explained)
    assert explain(payratchet)["verdict"]["rule"] == "never_heard"


def test_its_money_came_perhaps_under_another_name(scene: Scene, payratchet: Run) -> None:
    scene.announce("p1")
    [event_id] = scene.hear(capture("p-1", object_id="T9"))

    explained = explain(payratchet)

    assert explained["verdict"]["rule"] == "never_heard"
    assert f"dead letters {scene.letter_id(event_id)}" in explained["verdict"]["do"][0]["what"]
    assert "p-1" in follow(payratchet, explained).out


def test_a_person_has_put_it_into_review(scene: Scene, payratchet: Run) -> None:
    scene.announce("p1")
    scene.hear(capture("p1"))
    payratchet("payments", "correct", "p1", "--to", "review", "--reason", "looks odd", "--yes")

    explained = explain(payratchet)

    assert explained["verdict"]["rule"] == "set_by_person"
    assert "operator:tester: looks odd" in explained["verdict"]["why"]
    follow(payratchet, explained)
    healed(scene, "p1", credit_minor=1_000)


def test_a_correction_waits_for_a_second_person(scene: Scene, payratchet: Run) -> None:
    scene.announce("p1")
    scene.hear(capture("p1", 1_250))
    token = people.appoint(scene.url, "ben", Role.APPROVER)
    set_limit(scene.url, "1000")
    follow_up = payratchet(
        *("payments", "correct", "p1", "--to", "completed", "--reason", "paid", "--yes"),
    )
    assert follow_up.code == 1

    explained = explain(payratchet)

    assert explained["verdict"]["rule"] == "approval_waits"
    assert explained["entries"][-1]["kind"] == "approval"
    assert explained["entries"][-1]["summary"] == (
        "Approval 1: a second person is asked for a correction of this payment (12.50 NGN): paid."
        " It still waits."
    )
    for step in (0, 1):
        follow(payratchet, explained, step=step, PAYRATCHET_OPERATOR_TOKEN=token)
    healed(scene, "p1", credit_minor=1_250)
    told = [each["summary"] for each in explain(payratchet)["entries"]]
    assert any("operator:ben agreed as the second person" in each for each in told)
