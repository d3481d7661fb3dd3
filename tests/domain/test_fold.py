"""What is true of a payment, told fact by fact: the states and what does not fit."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain.decide import decide
from domain.errors import IllegalTransition
from domain.facts import Fact, FactKind, FactStatus
from domain.fold import fold
from domain.money import Money
from domain.payment import Position
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

OPENED, WON, LOST = FactStatus.OPENED, FactStatus.WON, FactStatus.LOST
CANCELLED = replace(ASKED, cancelled=True)


def at(*facts: Fact) -> Position:
    return fold(ASKED, facts)


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        ([], State.PENDING),
        ([initialized()], State.PROCESSING),
        ([initialized(), unheard()], State.REVIEW),
        ([initialized(), unheard(), failed()], State.FAILED),
        ([initialized(), unheard(), failed(), captured()], State.COMPLETED),
        ([captured(), refund(999)], State.PARTIALLY_REFUNDED),
        ([captured(), refund(1_000)], State.REFUNDED),
        ([captured(), dispute(OPENED)], State.DISPUTED),
        ([captured(), dispute(OPENED), dispute(WON, object_id="D2")], State.DISPUTED),
        ([captured(), dispute(WON), dispute(LOST, object_id="D2")], State.CHARGED_BACK),
        ([captured(), dispute(WON)], State.COMPLETED),
    ],
)
def test_the_state_is_what_the_whole_set_of_facts_says(facts: list[Fact], state: State) -> None:
    assert at(*facts).state is state


def test_a_payment_that_was_cancelled_stays_so_whatever_is_heard_but_money() -> None:
    assert fold(CANCELLED, [initialized(), failed(), unheard()]).state is State.CANCELLED
    assert fold(CANCELLED, [captured()]).state is State.REVIEW


def test_before_the_money_comes_fees_are_posted_and_what_comes_early_waits() -> None:
    position = at(fee(15), refund(100), refund_total(300, "T7"), dispute(OPENED))
    assert position.effects == {
        ("fee", "T1"): {("provider_clearing:paystack", "NGN"): 15, ("fees:paystack", "NGN"): -15}
    }
    assert position.waiting == {"R1", "T7", "D1"}
    assert (position.captured_minor, position.refunded_minor) == (0, 0)


@pytest.mark.parametrize(
    ("facts", "names"),
    [
        ([captured(999)], {"money_in_suspense"}),
        ([captured(), captured(object_id="T2")], {"money_in_suspense"}),
        ([captured(), captured(900)], {"captures_disagree"}),
        ([captured(), refund(1_001)], {"refund_exceeds_capture"}),
        ([captured(), refund(1_000)], set()),
        ([captured(), dispute(WON), dispute(LOST)], {"claims_disagree"}),
        ([captured(), refund(100), refund(200)], {"claims_disagree"}),
        (
            [captured(), Fact(FactKind.REFUND, "R1", FactStatus.SUCCEEDED, Money("USD", 1))],
            {"claims_disagree"},
        ),
    ],
)
def test_what_does_not_fit_is_named(facts: list[Fact], names: set[str]) -> None:
    position = at(*facts)
    assert position.contradictions == names
    assert (position.state is State.REVIEW) is bool(names)


def test_what_is_about_a_capture_that_nobody_told_of_waits() -> None:
    position = at(captured(), refund(100, capture_id="T9"), refund(200, object_id="R2"))
    assert (set(position.waiting), position.refunded_minor) == ({"R1"}, 200)
    position = at(captured(), dispute(OPENED, capture_id="T9"), dispute(LOST, object_id="D2"))
    assert (set(position.waiting), position.disputed_minor) == ({"D1"}, 1_000)
    assert at(captured(), refund(100, capture_id="T1")).waiting == frozenset()


def test_sums_are_of_the_currency_that_was_asked_for() -> None:
    position = at(captured(), captured(5, "T2", "USD"), refund(300), dispute(LOST, 200))
    assert (position.captured_minor, position.refunded_minor) == (1_000, 300)
    assert position.disputed_minor == 200


def edges(*history: Fact) -> list[Event]:
    return [edge.event for change in play(*history).changes for edge in change.edges]


def test_a_step_is_named_after_what_moved_the_money() -> None:
    before = play(initialized())
    both = before.hear(fee(), captured())
    assert [edge.event for edge in both.edges] == [Event.SUCCEEDED]
    assert edges(initialized(), unheard()) == [Event.INITIALIZED, Event.UNHEARD]
    assert edges(captured(), refund(1_000))[1:] == [Event.REFUNDED_IN_FULL]
    assert edges(captured(), refund(999))[1:] == [Event.REFUNDED_IN_PART]
    assert edges(captured(), refund(1_000), fee())[2:] == [Event.FEE_RECORDED]
    assert edges(captured(999), refund(999))[1:] == [Event.REFUNDED_IN_FULL]


def test_a_review_ends_as_resolved_unless_the_money_itself_ended_it() -> None:
    resolved = edges(captured(), captured(object_id="T2"), refund(1_000, capture_id="T2"))
    assert resolved[-1] is Event.RESOLVED
    assert edges(initialized(), unheard(), captured())[-1] is Event.SUCCEEDED


def test_money_that_comes_into_suspense_again_is_a_contradiction_again() -> None:
    story = play(captured(), captured(400, "T2"))
    assert story.changes[-1].contradiction == "money_in_suspense"
    assert story.hear(captured(300, "T3")).contradiction == "money_in_suspense"
    assert story.hear(refund(100, object_id="R1", capture_id="T2")).contradiction is None
    assert story.hear(refund(100, object_id="R2", capture_id="T1")).contradiction is None
    assert story.hear(fee()).contradiction is None


def test_several_contradictions_are_told_in_the_order_of_their_names() -> None:
    story = play(captured())
    change = story.hear(captured(900), refund(100), refund(200), captured(object_id="T2"))
    assert change.contradiction == "captures_disagree, claims_disagree, money_in_suspense"


def test_where_the_table_knows_no_way_nothing_may_be_written() -> None:
    with pytest.raises(IllegalTransition) as refused:
        decide(CANCELLED, Position(State.REFUNDED), (), (failed(),), version=3)
    assert (refused.value.state, refused.value.event) == (State.REFUNDED, Event.FAILED)


def test_a_change_of_what_was_posted_is_an_adjustment_with_the_version_in_its_name() -> None:
    story = play(captured(), refund(300))
    change = story.hear(refund(400))
    [movement] = change.movements
    assert (movement.effect, movement.object_id) == ("refund_adjustment", "R1@3")
    assert {(leg.account, leg.amount_minor) for leg in movement.legs} == {
        ("provider_clearing:paystack", 100),
        ("customer_credit:ada", -100),
    }
    assert change.after.refunded_minor == ngn(400).amount_minor


def test_a_refund_that_was_pending_is_posted_under_its_own_name() -> None:
    story = play(captured(), refund(300, FactStatus.PENDING))
    [movement] = story.hear(refund(300)).movements
    assert (movement.effect, movement.object_id) == ("refund", "R1")
