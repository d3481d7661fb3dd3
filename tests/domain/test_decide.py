from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.decide import decide
from domain.facts import Fact, FactStatus
from domain.fold import fold
from domain.transitions import Event, State
from tests.domain.histories import (
    ASKED,
    captured,
    dispute,
    failed,
    fee,
    initialized,
    ngn,
    play,
    refund,
    refund_total,
    unheard,
)
from tests.domain.test_order import ALL_FACTS

CREDIT = "customer_credit:ada"
CLEARING = "provider_clearing:paystack"


def test_what_is_known_changes_nothing() -> None:
    played = play(captured())

    again = played.hear(captured())

    assert (again.facts, again.edges, again.movements, again.contradiction) == ((), (), (), None)
    assert again.after is played.position


def test_a_fact_told_twice_in_one_event_counts_once() -> None:
    change = decide(ASKED, fold(ASKED, ()), (), (captured(), captured()), version=0)

    assert change.facts == (captured(),)
    assert len(change.movements) == 1


def test_a_capture_moves_from_the_provider_to_the_customer() -> None:
    [change] = play(captured()).changes

    [movement] = change.movements
    assert (movement.effect, movement.object_id) == ("capture", "T1")
    assert {(leg.account, leg.amount_minor) for leg in movement.legs} == {
        (CLEARING, -1_000),
        (CREDIT, 1_000),
    }
    assert [edge.event for edge in change.edges] == [Event.SUCCEEDED]


def test_a_capture_with_its_fee_is_one_step_and_two_movements() -> None:
    change = play().hear(captured(), fee())

    assert [edge.event for edge in change.edges] == [Event.SUCCEEDED]
    assert [movement.effect for movement in change.movements] == ["capture", "fee"]


def test_a_fee_that_is_told_before_its_capture_does_not_name_the_step() -> None:
    change = play().hear(fee(), captured())

    assert [edge.event for edge in change.edges] == [Event.SUCCEEDED]


def test_a_fee_alone_is_noted() -> None:
    change = play(captured()).hear(fee())

    [edge] = change.edges
    assert (edge.from_state, edge.event, edge.to_state) == (
        State.COMPLETED,
        Event.FEE_RECORDED,
        State.COMPLETED,
    )


@pytest.mark.parametrize(
    "wrong",
    [captured(999), captured(1_001), captured(1_000, "T1", "USD")],
    ids=["less", "more", "another currency"],
)
def test_money_that_is_not_as_asked_is_a_contradiction_and_nobodys(wrong: Fact) -> None:
    change = play().hear(wrong)

    assert change.contradiction == "money_in_suspense"
    assert change.after.state is State.REVIEW
    assert [edge.event for edge in change.edges] == [Event.CONTRADICTED]
    owners = {leg.account for movement in change.movements for leg in movement.legs}
    assert owners == {CLEARING, "suspense"}


def test_every_further_capture_is_a_contradiction_of_its_own() -> None:
    played = play(captured(), captured(object_id="T2"))

    assert played.hear(captured(object_id="T3")).contradiction == "money_in_suspense"


def test_a_capture_whose_refund_came_first_takes_both_steps_at_once() -> None:
    change = play(refund(1_000)).hear(captured())

    assert [edge.to_state for edge in change.edges] == [State.COMPLETED, State.REFUNDED]
    assert [movement.effect for movement in change.movements] == ["capture", "refund"]


def test_a_refund_that_fails_later_is_given_back_under_another_name() -> None:
    played = play(captured(), refund(400))

    change = played.hear(refund(400, FactStatus.FAILED))

    [movement] = change.movements
    assert (movement.effect, movement.object_id) == ("refund_adjustment", "R1@3")
    assert played.posted[CREDIT, "NGN"] == 1_000
    assert change.after.state is State.COMPLETED


def test_money_that_was_given_back_ends_the_review() -> None:
    played = play(captured(), captured(object_id="T2"))

    change = played.hear(refund(1_000, object_id="R2", capture_id="T2"))

    assert change.contradiction is None
    assert change.after.state is State.COMPLETED
    assert [edge.event for edge in change.edges] == [Event.RESOLVED]


def test_silence_is_reviewed_and_never_taken_for_failure() -> None:
    played = play(initialized())

    assert played.hear(unheard()).after.state is State.REVIEW
    assert played.hear(captured()).after.state is State.COMPLETED


def test_money_that_arrives_after_failure_wins() -> None:
    assert play(failed()).hear(captured()).after.state is State.COMPLETED


def test_money_that_arrives_after_a_cancel_is_nobodys() -> None:
    asked = replace(ASKED, cancelled=True)

    change = play(asked=asked).hear(captured())

    assert change.after.state is State.REVIEW
    assert change.contradiction == "money_in_suspense"


def test_a_lost_dispute_takes_the_credit_whatever_is_left_of_it() -> None:
    played = play(captured(), refund(400), dispute(FactStatus.OPENED), dispute(FactStatus.LOST))

    assert played.position.state is State.CHARGED_BACK
    assert played.posted[CREDIT, "NGN"] == -400


@given(st.lists(st.sampled_from(ALL_FACTS), max_size=15))
@example(
    [
        refund(400),
        captured(object_id="T2"),
        refund(400, capture_id="T1"),
        captured(),
    ]
)
@settings(max_examples=400, deadline=None)
def test_no_history_posts_two_movements_under_one_name(history: list[Fact]) -> None:
    """The database refuses the second; then an event that is right would die of it."""
    names = Counter(
        (movement.effect, movement.object_id)
        for change in play(*history).changes
        for movement in change.movements
    )

    assert set(names.values()) <= {1}


def test_a_total_that_was_explained_and_grows_again_gets_a_name_of_its_own() -> None:
    played = play(captured(), refund_total(400), refund(400, capture_id="T1"), refund_total(700))

    names = [
        (movement.effect, movement.object_id)
        for change in played.changes
        for movement in change.movements
    ]
    assert len(names) == len(set(names))
    assert played.posted[CREDIT, "NGN"] == 300
    assert ngn(played.position.refunded_minor) == ngn(700)
