"""Corrections of payments for which no money came."""

from __future__ import annotations

import pytest

from domain.correcting import possible
from domain.facts import FactStatus
from domain.payment import BY_PERSON
from domain.transitions import State
from tests.domain.guided import CANCELLED, MONEYLESS, lived
from tests.domain.histories import (
    ASKED,
    captured,
    dispute,
    failed,
    initialized,
    refund,
    unheard,
)


@pytest.mark.parametrize("to_state", MONEYLESS)
def test_a_payment_without_money_is_what_a_person_says(to_state: State) -> None:
    for history in ((), (initialized(),), (failed(),), (initialized(), unheard())):
        for asked in (ASKED, CANCELLED):
            played = lived(*history, asked=asked)
            if played.state() is to_state:
                continue
            corrected = played.correct(to_state)
            played.check()
            assert played.state() is to_state
            assert corrected.change.movements == ()
            assert played.asked.cancelled is (to_state is State.CANCELLED)


@pytest.mark.parametrize("to_state", [State.PENDING, State.PROCESSING, State.FAILED])
def test_money_that_arrives_after_a_correction_without_money_wins(to_state: State) -> None:
    played = lived(initialized(), unheard(), asked=ASKED)
    played.correct(to_state)

    played.hear(captured())

    played.check()
    assert (played.state(), played.credit_minor()) == (State.COMPLETED, 1_000)


def test_money_that_arrives_after_a_correction_to_cancelled_waits_for_a_person() -> None:
    played = lived(initialized())
    played.correct(State.CANCELLED)

    played.hear(captured())

    played.check()
    assert (played.state(), played.credit_minor()) == (State.REVIEW, 0)


def test_a_new_failure_counts_after_a_payment_was_taken_up_again() -> None:
    played = lived(initialized(), failed())
    played.correct(State.PENDING)

    played.hear(failed("T2"))

    assert played.state() is State.FAILED


def test_what_a_person_puts_into_review_stays_there_whatever_is_heard() -> None:
    played = lived(captured())
    played.correct(State.REVIEW)
    assert played.position.contradictions == {BY_PERSON}

    played.hear(refund(400))
    change = played.hear(dispute(FactStatus.OPENED))

    played.check()
    assert change.contradiction is None
    assert played.state() is State.REVIEW
    assert played.credit_minor() == 600
    played.correct(State.DISPUTED)
    played.check()
    played.hear(dispute(FactStatus.WON))
    assert played.state() is State.PARTIALLY_REFUNDED


def test_a_payment_leaves_a_persons_review_for_what_the_facts_say_and_for_nothing_else() -> None:
    played = lived(captured())
    played.correct(State.REVIEW)
    played.hear(refund(400))

    assert possible(played.known()) == [State.PARTIALLY_REFUNDED]
