"""Corrections: a person's word cuts the fold, moves no money that is not there, and holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from domain.correcting import CorrectionUnfounded, moved_minor, net, possible, suspense
from domain.facts import FactStatus
from domain.transitions import State
from tests.domain.guided import CANCELLED, CREDIT, lived
from tests.domain.histories import (
    ASKED,
    captured,
    dispute,
    fee,
    ngn,
    refund,
    refund_total,
)

if TYPE_CHECKING:
    from domain.facts import Fact
    from domain.payment import Asked


def test_money_of_another_amount_becomes_the_customers_when_a_person_says_so() -> None:
    played = lived(captured(1_250))
    assert (played.state(), played.credit_minor()) == (State.REVIEW, 0)

    corrected = played.correct(State.COMPLETED)

    played.check()
    assert (played.state(), played.credit_minor()) == (State.COMPLETED, 1_250)
    assert suspense(played.position) == {}
    assert moved_minor(corrected.change) == {"NGN": 1_250}
    assert corrected.correction.accepted == {"T1": ngn(1_250)}


@pytest.mark.parametrize(
    ("history", "asked", "credit_minor"),
    [
        ((captured(), captured(object_id="T2")), ASKED, {"NGN": 2_000}),
        ((captured(),), CANCELLED, {"NGN": 1_000}),
        ((captured(1_000, "T1", "USD"),), ASKED, {"USD": 1_000}),
        ((captured(), captured(999)), ASKED, {"NGN": 1_000}),
        ((captured(), captured(500, "T2", "USD")), ASKED, {"NGN": 1_000, "USD": 500}),
    ],
    ids=["second", "after a cancel", "other currency", "claims disagree", "two currencies"],
)
def test_what_is_accepted_is_the_customers_in_full_and_in_its_own_currency(
    history: tuple[Fact, ...], asked: Asked, credit_minor: dict[str, int]
) -> None:
    played = lived(*history, asked=asked)
    assert played.state() is State.REVIEW

    played.correct(State.COMPLETED)

    played.check()
    assert played.state() is State.COMPLETED
    assert {c: m for (a, c), m in net(played.position).items() if a == CREDIT} == credit_minor


def test_once_a_person_has_decided_no_other_capture_is_credited_by_itself() -> None:
    played = lived(captured(1_250))
    played.correct(State.COMPLETED)

    change = played.hear(captured(object_id="T2"))

    played.check()
    assert change.contradiction == "money_in_suspense"
    assert (played.state(), played.credit_minor()) == (State.REVIEW, 1_250)
    assert suspense(played.position) == {"NGN": 1_000}


def test_what_was_settled_stays_settled_and_what_is_said_anew_does_not_fit_again() -> None:
    played = lived(captured(), captured(999))
    played.correct(State.COMPLETED)

    played.hear(refund(100))
    assert played.state() is State.PARTIALLY_REFUNDED
    played.hear(captured(998))

    played.check()
    assert played.state() is State.REVIEW
    assert played.position.contradictions == {"captures_disagree"}
    assert played.position.captured_minor == 1_000


def test_an_accepted_amount_does_not_move_when_the_provider_says_another() -> None:
    played = lived(captured(1_250))
    played.correct(State.COMPLETED)

    for later in (1_000, 9_999):
        played.hear(captured(later))
        played.check()
        assert (played.credit_minor(), played.state()) == (1_250, State.REVIEW)


def test_a_refund_after_an_acceptance_is_the_customers() -> None:
    played = lived(captured(1_250))
    played.correct(State.COMPLETED)

    played.hear(refund(250, capture_id="T1"))
    assert (played.state(), played.credit_minor()) == (State.PARTIALLY_REFUNDED, 1_000)
    played.hear(refund(1_000, object_id="R2", capture_id="T1"))
    played.check()
    assert (played.state(), played.credit_minor()) == (State.REFUNDED, 0)
    played.hear(refund(1, object_id="R3", capture_id="T1"))
    assert played.position.contradictions == {"refund_exceeds_capture"}


def test_a_dispute_after_an_acceptance_goes_its_way() -> None:
    for end, state, credit_minor in (
        (FactStatus.LOST, State.CHARGED_BACK, 0),
        (FactStatus.WON, State.COMPLETED, 1_250),
    ):
        played = lived(captured(1_250))
        played.correct(State.COMPLETED)
        played.hear(dispute(FactStatus.OPENED, 1_250, capture_id="T1"))
        assert played.state() is State.DISPUTED
        played.hear(dispute(end, 1_250, capture_id="T1"))
        played.check()
        assert (played.state(), played.credit_minor()) == (state, credit_minor)


def test_what_was_given_back_without_the_provider_leaves_suspense() -> None:
    played = lived(captured(1_250))

    played.correct(State.REFUNDED)

    played.check()
    assert (played.state(), played.position.refunded_minor) == (State.REFUNDED, 1_250)
    assert net(played.position) == {}


def test_a_provider_that_then_tells_of_the_same_refund_brings_it_back_to_a_person() -> None:
    played = lived(captured(1_250))
    played.correct(State.REFUNDED)

    change = played.hear(refund(1_250, capture_id="T1"))

    played.check()
    assert change.contradiction == "money_in_suspense"
    assert suspense(played.position) == {"NGN": -1_250}
    assert played.credit_minor() == 0


def test_money_that_comes_after_it_was_given_back_is_nobodys() -> None:
    played = lived(captured(1_250))
    played.correct(State.REFUNDED)

    played.hear(captured(object_id="T2"))

    played.check()
    assert (played.state(), played.credit_minor()) == (State.REVIEW, 0)


def test_money_that_came_later_can_be_accepted_after_a_giving_back() -> None:
    played = lived(captured(1_250))
    played.correct(State.REFUNDED)
    played.hear(captured(object_id="T2"))

    # T1 was given back as a whole, by a person's word, so only T2 is there to be accepted.
    played.correct(State.COMPLETED)

    played.check()
    assert (played.state(), played.credit_minor()) == (State.COMPLETED, 1_000)
    assert suspense(played.position) == {}


def test_a_correction_says_what_to_do_instead() -> None:
    for history, to_state, words in (
        ((), State.COMPLETED, "payments verify p1"),
        ((), State.REFUNDED, "no money has come"),
        ((captured(),), State.FAILED, "have it refunded"),
        ((captured(),), State.COMPLETED, "is completed already"),
        ((captured(),), State.REFUNDED, "would make it completed"),
        ((captured(),), State.CHARGED_BACK, "only its word leads to charged_back"),
        ((captured(1_250), refund(250)), State.COMPLETED, "would make it partially_refunded"),
    ):
        with pytest.raises(CorrectionUnfounded, match=words):
            lived(*history).correct(to_state)


def test_what_was_given_back_as_a_whole_is_not_accepted() -> None:
    played = lived(
        captured(1_250), captured(300, "T2"), refund(300, object_id="R2", capture_id="T2")
    )

    played.correct(State.COMPLETED)

    played.check()
    assert played.credit_minor() == 1_250


def test_every_review_has_a_way_out() -> None:
    for history in (
        (captured(), refund(1_500)),
        (captured(), dispute(FactStatus.WON), dispute(FactStatus.LOST)),
        (captured(500), refund(600, capture_id="T1")),
        (captured(), refund(400), refund(401)),
        (captured(), captured(999), fee(), refund_total(2_000)),
    ):
        played = lived(*history)
        assert played.state() is State.REVIEW
        [to_state] = possible(played.known())
        before_minor = played.credit_minor()
        played.correct(to_state)
        played.check()
        assert played.credit_minor() >= before_minor
