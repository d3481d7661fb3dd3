"""Corrections in the record: one transaction, sealed in the history, in any order with webhooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from domain.correcting import CorrectionUnfounded
from domain.transitions import State
from tests.workers.correcting import ADA, correct, holds, lines
from tests.workers.replayed import replay
from tests.workers.scene import capture, refund
from workers import correcting
from workers.correcting import PaymentChanged, PaymentUnknown
from workers.store import payments

if TYPE_CHECKING:
    from tests.workers.scene import Scene
    from workers.database import Transaction


def test_what_did_not_fit_becomes_the_customers_top_up(scene: Scene) -> None:
    scene.announce("p1")
    [event_id] = scene.hear(capture("p1", 1_250))
    assert (scene.state("p1"), scene.credit()) == ("review", 0)

    correct(scene, "completed")

    assert (scene.state("p1"), scene.credit(), scene.account("suspense")) == ("completed", 1_250, 0)
    assert lines(scene) == [("top_up", 1_250, 1_250)]
    assert scene.steps("p1")[-1] == "review -corrected-> completed"
    assert scene.letters() == [(event_id, "mismatch", "resolved")]
    [(actor, reason)] = scene.rows(
        "SELECT actor, reason FROM payment_transitions WHERE event = 'corrected'"
    )
    assert (actor, reason) == (ADA, "the payer called")
    [(action, subject)] = scene.rows("SELECT action, subject FROM operator_actions")
    assert (action, subject) == ("payment_corrected", "payment:p1")
    holds(scene)


def test_a_second_capture_is_credited_as_an_adjustment(scene: Scene) -> None:
    scene.announce("p1")
    scene.hear(capture("p1"), capture("p1", object_id="T2"))

    correct(scene, "completed")

    assert lines(scene) == [("top_up", 1_000, 1_000), ("adjustment", 1_000, 2_000)]
    holds(scene)


def test_every_currency_is_credited_in_its_own(scene: Scene) -> None:
    scene.announce("p1")
    scene.hear(capture("p1", 300, currency="USD"), capture("p1", 999, "T2"))

    correct(scene, "completed")

    balances = scene.rows("SELECT currency, balance_minor FROM customer_balances ORDER BY 1")
    assert balances == [("NGN", 999), ("USD", 300)]
    assert sorted(line[0] for line in lines(scene)) == ["adjustment", "top_up"]
    holds(scene)


@pytest.mark.parametrize(
    ("to_state", "later", "ends"),
    [
        ("completed", refund("p1", 250, capture_id="T1"), ("partially_refunded", 1_000, 0)),
        ("completed", refund("p1", 1_250, capture_id="T1"), ("refunded", 0, 0)),
        ("completed", capture("p1", object_id="T2"), ("review", 1_250, 1_000)),
        ("refunded", capture("p1", object_id="T2"), ("review", 0, 1_000)),
        ("refunded", refund("p1", 1_250, capture_id="T1"), ("review", 0, -1_250)),
    ],
)
def test_what_comes_after_a_correction_goes_on_from_it(
    scene: Scene, to_state: str, later: bytes, ends: tuple[str, int, int]
) -> None:
    scene.announce("p1")
    scene.hear(capture("p1", 1_250))
    correct(scene, to_state)

    scene.hear(later)

    assert (scene.state("p1"), scene.credit(), scene.account("suspense")) == ends
    holds(scene)


@pytest.mark.parametrize(
    ("to_state", "ends"),
    [
        ("failed", ("completed", 1_000)),
        ("processing", ("completed", 1_000)),
        ("cancelled", ("review", 0)),
        ("review", ("review", 1_000)),
    ],
)
def test_money_that_comes_after_a_correction_without_money_is_booked(
    scene: Scene, to_state: str, ends: tuple[str, int]
) -> None:
    scene.announce("p1")
    correct(scene, to_state)
    holds(scene)

    scene.hear(capture("p1"))

    assert (scene.state("p1"), scene.credit()) == ends
    holds(scene)


def test_a_correction_to_processing_has_the_provider_asked_again(scene: Scene) -> None:
    scene.announce("p1")

    correct(scene, "processing")

    assert scene.value("SELECT count(*) FROM verifications WHERE next_at <= now()") == 1


def test_several_corrections_carry_what_those_before_them_accepted(scene: Scene) -> None:
    scene.announce("p1")
    scene.hear(capture("p1", 1_250))
    correct(scene, "completed")
    correct(scene, "review")
    scene.hear(capture("p1", 1_300))
    correct(scene, "completed")
    scene.hear(capture("p1", object_id="T2"))
    correct(scene, "completed")

    assert (scene.state("p1"), scene.credit(), scene.account("suspense")) == ("completed", 2_250, 0)
    assert lines(scene) == [("top_up", 1_250, 1_250), ("adjustment", 1_000, 2_250)]
    holds(scene)


def test_a_refused_correction_writes_nothing(scene: Scene) -> None:
    scene.announce("p1")
    scene.hear(capture("p1"))
    with pytest.raises(CorrectionUnfounded):
        correct(scene, "failed")
    with pytest.raises(PaymentUnknown):
        correct(scene, "failed", reference="nobody")

    assert scene.value("SELECT count(*) FROM payment_corrections") == 0
    assert scene.version("p1") == 1


def test_a_correction_of_what_has_changed_since_it_was_shown_is_refused(scene: Scene) -> None:
    scene.announce("p1")
    scene.hear(capture("p1", 1_250))
    with scene.database.transaction() as tx:
        seen = correcting.plan(tx, "p1", State.COMPLETED).shown
    scene.hear(capture("p1", 500, "T2"))

    with pytest.raises(PaymentChanged):
        correct(scene, "completed", expected=seen)

    assert (scene.state("p1"), scene.credit()) == ("review", 0)


def test_money_that_is_another_payments_is_not_settled_by_correcting_the_wrong_one(
    scene: Scene,
) -> None:
    scene.announce("p1", "p2")
    scene.hear(capture("p1", object_id="T1"))
    [event_id] = scene.hear(capture("p2", object_id="T1"))
    assert scene.letters() == [(event_id, "mismatch", "open")]

    correct(scene, "failed", reference="p2")

    assert scene.letters() == [(event_id, "mismatch", "open")]


def test_what_the_state_did_not_allow_is_tried_again_after_a_correction(scene: Scene) -> None:
    scene.announce("p1")
    [event_id] = scene.hear(capture("p1"))
    other = scene.receive(refund("p1", 100))
    scene.apply(other)
    scene.execute(
        "INSERT INTO dead_letters (event_id, received_at, source, account, event_type, reference,"
        " reason, error_class, fingerprint, message, attempts)"
        " SELECT id, received_at, source, account, 'refund', 'p1', 'illegal_transition', 'E', 'f',"
        " 'm', 1 FROM inbound_events WHERE id = %s",
        [other],
    )

    correct(scene, "review")
    assert scene.owed() == [other]
    scene.drain()

    assert scene.letters() == [(other, "illegal_transition", "resolved")]
    assert event_id not in scene.owed()


class Counting:
    """A transaction that counts what it is asked."""

    def __init__(self, tx: Transaction) -> None:
        self.statements = 0
        self._tx = tx

    def execute(self, *said: Any, **how: Any) -> Any:
        self.statements += 1
        return self._tx.execute(*said, **how)


def test_a_payment_without_a_correction_costs_no_further_statement(scene: Scene) -> None:
    scene.announce("p1", "p2")
    scene.hear(capture("p1", 1_250), capture("p2"))
    correct(scene, "completed")
    for reference, statements in (("p2", 2), ("p1", 3)):
        with scene.database.transaction() as tx:
            counted = Counting(tx)
            payments.lock(cast("Transaction", counted), [reference])
        assert counted.statements == statements


def test_an_event_that_says_nothing_new_is_not_set_aside_again_for_a_persons_review(
    scene: Scene,
) -> None:
    scene.announce("p1")
    scene.break_for("p1", "RAISE EXCEPTION 'broken'")
    [event_id] = scene.hear(capture("p1"))
    scene.drain()
    scene.mend()
    scene.hear(capture("p1"))
    correct(scene, "review")

    replay(scene.database, [scene.letter_id(event_id)], actor=ADA, reason="mended")

    assert scene.letters() == [(event_id, "exhausted", "resolved")]
    assert scene.state("p1") == "review"
