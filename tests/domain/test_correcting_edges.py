"""Corrections at their edges: the smallest amount, a share of what is left, what is refused."""

from __future__ import annotations

import pytest

from domain.correcting import CorrectionUnfounded, correct, moved_minor, net, possible, suspense
from domain.money import Money
from domain.payment import Position
from domain.transitions import Edge, Event, State
from tests.domain.guided import lived
from tests.domain.histories import captured, ngn, refund

LIVE = (State.REVIEW, State.COMPLETED, State.REFUNDED)


def test_a_refusal_has_a_code_a_status_and_a_title() -> None:
    refusal = CorrectionUnfounded("no")
    assert (refusal.code, refusal.http_status) == ("correction_unfounded", 409)
    assert refusal.title
    assert refusal.retryable is False


@pytest.mark.parametrize("amount_minor", [1, 999])
def test_an_amount_of_one_minor_unit_is_accepted_and_given_back_as_any_other(
    amount_minor: int,
) -> None:
    accepted = lived(captured(amount_minor)).correct(State.COMPLETED)
    assert accepted.correction.accepted == {"T1": ngn(amount_minor)}
    given_back = lived(captured(amount_minor)).correct(State.REFUNDED)
    assert given_back.correction.given_back == {"T1": ngn(amount_minor)}


def test_a_capture_of_nothing_is_neither_accepted_nor_given_back() -> None:
    corrected = lived(captured(700), captured(0, "T2")).correct(State.COMPLETED)
    assert corrected.correction.accepted == {"T1": ngn(700)}


def test_what_is_left_in_suspense_is_shared_out_among_its_captures_in_the_order_of_their_ids() -> (
    None
):
    story = lived(captured(600, "T2"), captured(700, "T1"), refund(400))
    corrected = story.correct(State.REFUNDED)
    assert corrected.correction.given_back == {"T1": ngn(700), "T2": ngn(200)}
    assert list(corrected.correction.given_back) == ["T1", "T2"]


def test_what_was_given_back_in_two_steps_is_one_sum() -> None:
    story = lived(captured(700, "T1"))
    story.correct(State.REFUNDED)
    story.hear(captured(800, "T1"))
    corrected = story.correct(State.REFUNDED)
    assert corrected.correction.given_back == {"T1": ngn(800)}
    assert moved_minor(corrected.change) == {"NGN": 100}


def test_a_capture_in_two_currencies_cannot_be_given_back_by_one_word() -> None:
    story = lived(captured(700, "T1"))
    story.correct(State.REFUNDED)
    story.hear(captured(900, "T1", "USD"))
    with pytest.raises(CorrectionUnfounded, match="T1 in two currencies"):
        correct(story.known(), State.REFUNDED)


def test_a_capture_that_was_returned_in_part_is_accepted_and_in_full_is_not() -> None:
    part = lived(captured(700, "T1"), captured(300, "T2"), refund(299, capture_id="T2"))
    assert part.correct(State.PARTIALLY_REFUNDED).correction.accepted.keys() == {"T1", "T2"}
    full = lived(captured(700, "T1"), captured(300, "T2"), refund(300, capture_id="T2"))
    assert full.correct(State.COMPLETED).correction.accepted.keys() == {"T1"}


def test_a_step_by_a_person_is_one_edge_and_no_fact() -> None:
    story = lived(captured(700))
    change = story.correct(State.COMPLETED).change
    assert change.facts == ()
    assert change.edges == (Edge(State.REVIEW, Event.CORRECTED, State.COMPLETED),)
    assert change.contradiction is None
    assert moved_minor(change) == {"NGN": 700}


def test_what_is_possible_is_all_that_would_not_be_refused() -> None:
    assert possible(lived().known()) == [
        *(State.PROCESSING, State.FAILED, State.CANCELLED, State.REVIEW),
    ]
    assert possible(lived(captured(700)).known()) == [State.COMPLETED, State.REFUNDED]
    with pytest.raises(CorrectionUnfounded, match="is review already"):
        correct(lived(captured(700)).known(), State.REVIEW)


def test_a_refusal_says_whether_money_has_come() -> None:
    with pytest.raises(CorrectionUnfounded, match="money has come for 'p1'"):
        correct(lived(captured(700)).known(), State.FAILED)
    with pytest.raises(CorrectionUnfounded, match=r"^no money has come for 'p1'"):
        correct(lived().known(), State.COMPLETED)
    with pytest.raises(CorrectionUnfounded, match=r"would make it completed, .* leads to disputed"):
        correct(lived(captured(700)).known(), State.DISPUTED)


def test_what_is_level_is_in_no_net_and_suspense_is_told_by_currency() -> None:
    effects = {
        ("a", "1"): {("suspense", "NGN"): 5, ("x", "NGN"): -5},
        ("b", "2"): {("suspense", "USD"): 7, ("x", "NGN"): 5},
    }
    position = Position(State.REVIEW, effects=effects)
    assert net(position) == {("suspense", "NGN"): 5, ("suspense", "USD"): 7}
    assert suspense(position) == {"NGN": 5, "USD": 7}
    assert suspense(Position(State.PENDING)) == {}
    assert Money("NGN", 0) == ngn(0)
