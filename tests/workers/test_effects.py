"""What an event does to its payment, its customer's credit and the books."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.workers.scene import body, capture, refund

if TYPE_CHECKING:
    from tests.workers.scene import Scene


def test_a_payment_begins_as_pending(scene: Scene) -> None:
    scene.announce("p1")

    assert scene.state("p1") == "pending"
    assert scene.version("p1") == 0
    assert scene.steps("p1") == []


def test_a_capture_credits_the_customer_once(scene: Scene) -> None:
    scene.announce("p1")

    [event_id] = scene.hear(capture("p1"))
    again = scene.apply(event_id)

    assert again == {}
    assert scene.state("p1") == "completed"
    assert scene.steps("p1") == ["pending -succeeded-> completed"]
    assert (scene.credit(), scene.account("provider_clearing:standard-webhooks")) == (1_000, -1_000)
    assert scene.rows(
        "SELECT reference, kind, amount_minor, balance_after_minor, customer_version"
        " FROM sms_transactions"
    ) == [("p1:capture:T1", "top_up", 1_000, 1_000, 1)]
    assert scene.owed() == []
    assert scene.letters() == []


def test_the_same_capture_told_by_other_events_credits_nothing_more(scene: Scene) -> None:
    scene.announce("p1")

    first, second, third = scene.hear(capture("p1"), capture("p1"), capture("p1"))

    assert scene.credit() == 1_000
    assert scene.version("p1") == 1
    assert scene.attempts(first) == []
    assert scene.attempts(second) == scene.attempts(third) == [(1, "no_change", None)]


def test_a_fee_is_a_movement_of_its_own(scene: Scene) -> None:
    scene.announce("p1")

    scene.hear(capture("p1", fee_minor=15))

    assert scene.credit() == 1_000
    assert scene.account("fees:standard-webhooks") == -15
    assert scene.account("provider_clearing:standard-webhooks") == -985


@pytest.mark.parametrize(
    ("content", "held"),
    [
        (capture("p1", 999), 999),
        (capture("p1", 1_001), 1_001),
        (capture("p1", currency="USD"), 1_000),
    ],
    ids=["too little", "too much", "another currency"],
)
def test_money_that_is_not_as_asked_is_held_and_shown_to_a_person(
    scene: Scene, content: bytes, held: int
) -> None:
    scene.announce("p1")

    [event_id] = scene.hear(content)

    assert scene.state("p1") == "review"
    assert scene.credit() == 0
    assert scene.account("suspense") == held
    assert scene.letters() == [(event_id, "mismatch", "open")]
    assert scene.rows("SELECT amount_minor, reference FROM dead_letters") == [(held, "p1")]


def test_a_second_capture_is_held_beside_the_first(scene: Scene) -> None:
    scene.announce("p1")

    _, second = scene.hear(capture("p1"), capture("p1", object_id="T2"))

    assert scene.state("p1") == "review"
    assert (scene.credit(), scene.account("suspense")) == (1_000, 1_000)
    assert scene.letters() == [(second, "mismatch", "open")]
    assert scene.top_ups() == 1


def test_giving_the_second_capture_back_resolves_the_review(scene: Scene) -> None:
    scene.announce("p1")
    scene.hear(capture("p1"), capture("p1", object_id="T2"))

    scene.hear(refund("p1", 1_000, payment_id="T2"))

    assert scene.state("p1") == "completed"
    assert (scene.credit(), scene.account("suspense")) == (1_000, 0)


def test_a_refund_takes_the_credit_back(scene: Scene) -> None:
    scene.announce("p1")

    scene.hear(capture("p1"), refund("p1", 400), refund("p1", 600, "R2"))

    assert scene.state("p1") == "refunded"
    assert scene.credit() == 0
    assert scene.sums("p1") == (1_000, 1_000, 0)
    assert scene.rows("SELECT kind, balance_after_minor FROM sms_transactions ORDER BY id") == [
        ("top_up", 1_000),
        ("refund", 600),
        ("refund", 0),
    ]


def test_a_refund_before_its_capture_waits_and_then_counts(scene: Scene) -> None:
    scene.announce("p1")

    [early] = scene.hear(refund("p1", 400))
    waits = (scene.state("p1"), scene.credit(), scene.rows("SELECT event_id FROM waiting_captures"))
    scene.hear(capture("p1"))

    assert waits == ("pending", 0, [(early,)])
    assert scene.state("p1") == "partially_refunded"
    assert scene.credit() == 600
    assert scene.rows("SELECT event_id FROM waiting_captures") == []
    assert scene.letters() == []


def test_a_chargeback_may_take_the_balance_below_zero(scene: Scene) -> None:
    scene.announce("p1")
    scene.hear(capture("p1"), refund("p1", 400))

    dispute = {"amount_minor": 1_000, "currency": "NGN"}
    scene.hear(body("dispute.opened", "p1", "D1", **dispute))
    open_state = scene.state("p1")
    scene.hear(body("dispute.lost", "p1", "D1", **dispute))

    assert (open_state, scene.state("p1")) == ("disputed", "charged_back")
    assert scene.credit() == -400
    assert scene.sums("p1") == (1_000, 400, 1_000)


def test_a_body_that_is_not_as_documented_is_set_aside(scene: Scene) -> None:
    events = scene.hear(b"{", b"[]", capture("p1", amount_minor=True), body("payment.failed", "p1"))

    assert scene.letters() == [(event_id, "schema", "open") for event_id in events[:3]] + [
        (events[3], "unknown_reference", "open")
    ]
    assert scene.owed() == []
    assert scene.attempts(events[0]) == [(1, "dead", "PayloadInvalid")]


def test_an_event_of_a_provider_without_an_adapter_is_set_aside(scene: Scene) -> None:
    [event_id] = scene.hear(capture("p1"), source="carrier-pigeon")

    assert scene.letters() == [(event_id, "schema", "open")]


def test_a_type_that_we_do_not_use_is_ignored_and_kept(scene: Scene) -> None:
    scene.announce("p1")

    [event_id] = scene.hear(body("customer.smiled", "p1"))

    assert scene.attempts(event_id) == [(1, "ignored", None)]
    assert scene.letters() == []
    assert scene.state("p1") == "pending"


def test_the_world_of_an_account_is_pinned_by_its_first_event(scene: Scene) -> None:
    scene.announce("p1", "p2")

    _, wrong = scene.hear(capture("p1", livemode=True), capture("p2", livemode=False))
    [other_account] = scene.hear(body("x", None, livemode=False), account="other")

    assert scene.letters() == [(wrong, "mode_mismatch", "open")]
    assert (scene.state("p1"), scene.state("p2")) == ("completed", "pending")
    assert scene.attempts(other_account) == [(1, "ignored", None)]
    assert scene.account("suspense") == 0


def test_the_world_that_the_secret_names_counts_before_any_pin(scene: Scene) -> None:
    scene.announce("p1")

    [event_id] = scene.hear(capture("p1", livemode=False), mode="live")

    assert scene.letters() == [(event_id, "mode_mismatch", "open")]
    assert scene.rows("SELECT mode FROM source_modes") == []


def test_an_event_of_another_provider_does_not_touch_a_payment_of_the_same_reference(
    scene: Scene,
) -> None:
    scene.announce("p1")

    [event_id] = scene.hear(capture("p1"), account="other")

    assert scene.state("p1") == "pending"
    assert scene.credit() == 0
    assert scene.account("suspense") == 1_000
    assert scene.letters() == [(event_id, "unknown_reference", "open")]


def test_the_providers_own_reference_is_kept_from_whichever_event_names_it(scene: Scene) -> None:
    scene.announce("p1", "p2")

    scene.hear(capture("p1"), refund("p1", 400))
    scene.hear(capture("p2"))
    scene.hear(refund("p2", 400))

    query = "SELECT provider_reference FROM payment_logs ORDER BY reference"
    assert scene.rows(query) == [("T1",), ("T2",)]


def test_only_refunds_and_disputes_wait_for_a_capture(scene: Scene) -> None:
    scene.announce("p1")

    early, _ = scene.hear(refund("p1", 400), body("payment.initialized", "p1", "I1"))

    assert scene.rows("SELECT event_id FROM waiting_captures") == [(early,)]


def test_an_event_that_knows_only_the_providers_name_finds_its_payment(scene: Scene) -> None:
    """As refunds of some providers do; in the same batch, and later."""
    scene.announce("p1")

    scene.hear(refund(None, 100, payment_id="T1"), capture("p1"))
    scene.hear(refund(None, 200, "R2", payment_id="T1"))

    assert (scene.state("p1"), scene.credit()) == ("partially_refunded", 700)
    assert scene.letters() == []


def test_the_providers_name_means_nothing_on_another_account(scene: Scene) -> None:
    scene.announce("p1")
    scene.hear(capture("p1"))

    [event_id] = scene.hear(refund(None, 100, payment_id="T1"), account="other")

    assert scene.credit() == 1_000
    assert scene.letters() == [(event_id, "unknown_reference", "open")]
