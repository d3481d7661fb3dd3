"""What is to be done next about a command: never twice what may have been done once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from domain import calls
from domain.asking import Told, ToldRefund
from domain.calls import (
    ACT,
    CANCEL,
    CANCELLABLE,
    FINISH,
    LOOK_UP,
    REFUND_ALIKE,
    REFUND_SHOWS_S,
    REFUSED_IN_DOUBT,
    Move,
    Next,
    Shown,
)
from domain.errors import OutcomeUnknown, ProviderAway, ProviderRefused
from domain.facts import FactStatus
from domain.money import Money
from domain.payment import Position
from domain.transitions import State
from domain.tries import Asked, Outcome, Try

if TYPE_CHECKING:
    from collections.abc import Sequence

LIVE_S = 1_000.0
ANSWERED, REFUSED = Outcome.ANSWERED, Outcome.REFUSED
NOT_SENT, UNKNOWN = Outcome.NOT_SENT, Outcome.UNKNOWN
OURS = ToldRefund("n1", FactStatus.PENDING, Money("NGN", 5), ours="rf1")
NONE_SHOWN = Shown(None, is_alike=False)
ALIKE = Shown(None, is_alike=True)


def tried(asked: Asked, *outcomes: Outcome, age_s: float = 1.0) -> list[Try]:
    return [Try(asked, outcome, age_s) for outcome in outcomes]


def initialize(
    *outcomes: Outcome,
    state: State = State.PENDING,
    found: Told | None = None,
    age_s: float = 1.0,
    after: Sequence[Try] = (),
) -> Next:
    history = [*tried(Asked.INITIALIZE, *outcomes, age_s=age_s), *after]
    return calls.initialize(state, history, keys_live_s=LIVE_S, found=found)


def refund(
    *outcomes: Outcome,
    is_settled: bool = False,
    shown: Shown | None = None,
    barred: str = "",
    age_s: float = 1.0,
    after: Sequence[Try] = (),
    keys_live_s: float = LIVE_S,
) -> Next:
    history = [*tried(Asked.REFUND, *outcomes, age_s=age_s), *after]
    return calls.refund(
        history, is_settled=is_settled, keys_live_s=keys_live_s, shown=shown, barred=barred
    )


def cancel(
    *outcomes: Outcome,
    state: State = State.PROCESSING,
    found: Told | None = None,
    can_ask: bool = True,
    can_cancel: bool = True,
) -> Next:
    history = tried(Asked.CANCEL, *outcomes)
    return calls.cancel(state, history, can_ask=can_ask, can_cancel=can_cancel, found=found)


def test_a_payment_is_handed_over_until_the_provider_has_answered() -> None:
    assert initialize() is ACT
    assert initialize(NOT_SENT) is ACT
    assert initialize(REFUSED) is ACT
    assert initialize(ANSWERED) is FINISH
    assert initialize(UNKNOWN, ANSWERED) is FINISH


def test_a_payment_that_money_has_come_for_is_not_handed_over() -> None:
    assert {State.PENDING, State.PROCESSING} == CANCELLABLE
    for state in State:
        assert initialize(state=state) is (ACT if state in CANCELLABLE else FINISH)


def test_a_call_in_doubt_is_repeated_under_its_key_while_that_lives_then_looked_up() -> None:
    assert initialize(UNKNOWN) is ACT
    assert initialize(UNKNOWN, NOT_SENT) is ACT
    assert initialize(UNKNOWN, age_s=LIVE_S) is LOOK_UP
    assert initialize(UNKNOWN, UNKNOWN, UNKNOWN) is LOOK_UP
    asked = tried(Asked.VERIFY, UNKNOWN)
    assert initialize(UNKNOWN, UNKNOWN, UNKNOWN, after=asked) is ACT


def test_a_refusal_after_a_call_in_doubt_has_the_provider_asked() -> None:
    assert initialize(UNKNOWN, REFUSED) is LOOK_UP
    assert initialize(UNKNOWN, REFUSED, found=Told(is_known=False)) is REFUSED_IN_DOUBT
    assert initialize(UNKNOWN, REFUSED, found=Told()) is FINISH


def test_what_the_provider_tells_of_a_call_in_doubt_counts() -> None:
    assert initialize(UNKNOWN, found=Told()) is FINISH
    assert initialize(UNKNOWN, found=Told(is_known=False)) is ACT


def test_a_payment_is_asked_about_once() -> None:
    assert calls.verify(None) is LOOK_UP
    assert calls.verify(Told()) is FINISH


@pytest.mark.parametrize(
    ("made_at_s", "asked_at_s", "foreign"),
    [
        (1_000, 1_301.0, True),
        (1_000, 1_300.0, False),
        (1_000, 900.0, False),
        (1_000, None, False),
        (None, 5_000.0, False),
        (0, 301.0, True),
    ],
)
def test_what_was_made_long_before_we_asked_is_of_somebody_else(
    made_at_s: int | None, asked_at_s: float | None, *, foreign: bool
) -> None:
    assert calls.CLOCKS_APART_S == 300.0
    assert calls.is_foreign(Told(made_at_s=made_at_s), asked_at_s=asked_at_s) is foreign


def test_no_more_is_given_back_than_is_left_and_nothing_of_what_is_contested() -> None:
    def barred(state: State, amount_minor: int) -> str:
        return calls.not_refundable(Position(state, 1_000, refunded_minor=400), amount_minor)

    assert barred(State.PARTIALLY_REFUNDED, 600) == ""
    assert barred(State.PARTIALLY_REFUNDED, 601) == "only 600 of the payment is left"
    contested = {State.DISPUTED, State.CHARGED_BACK, State.CANCELLED, State.REVIEW}
    for state in State:
        why = f"the payment is {state}" if state in contested else ""
        assert barred(state, 1) == why


def test_a_refund_is_sent_while_it_was_certainly_not_made() -> None:
    assert refund() is ACT
    assert refund(NOT_SENT) is ACT
    assert refund(REFUSED) is ACT
    assert refund(is_settled=True) is FINISH
    assert refund(UNKNOWN, is_settled=True) is FINISH


def test_a_refund_that_is_barred_is_refused_here_while_none_is_in_doubt() -> None:
    assert refund(barred="too much") == Next(Move.REFUSE, why="too much")
    assert refund(NOT_SENT, barred="too much") == Next(Move.REFUSE, why="too much")
    assert refund(UNKNOWN, barred="too much") is LOOK_UP


def test_a_refund_that_was_answered_is_looked_up_once() -> None:
    assert refund(ANSWERED) is LOOK_UP
    assert refund(UNKNOWN, ANSWERED) is LOOK_UP
    assert refund(ANSWERED, shown=NONE_SHOWN) is FINISH


def test_a_refund_that_the_provider_shows_as_ours_is_never_repeated() -> None:
    shown = Shown(OURS, is_alike=False)
    for outcome in Outcome:
        assert refund(outcome, shown=shown) is FINISH
    assert refund(shown=shown) is FINISH


def test_a_refund_in_doubt_is_repeated_under_its_key_then_looked_up() -> None:
    assert refund(UNKNOWN) is ACT
    assert refund(UNKNOWN, UNKNOWN) is ACT
    assert refund(UNKNOWN, UNKNOWN, UNKNOWN) is LOOK_UP
    assert refund(UNKNOWN, age_s=LIVE_S) is LOOK_UP
    assert refund(UNKNOWN, REFUSED) is LOOK_UP
    assert refund(UNKNOWN, UNKNOWN, UNKNOWN, shown=NONE_SHOWN) is ACT


def test_a_refund_without_a_living_key_waits_until_a_list_must_show_it() -> None:
    def again(age_s: float, shown: Shown = NONE_SHOWN) -> Next:
        return refund(UNKNOWN, age_s=age_s, shown=shown, keys_live_s=0.0)

    assert REFUND_SHOWS_S == 120.0
    assert again(119.0) == Next(Move.WAIT, wait_s=1.0)
    assert again(20.0) == Next(Move.WAIT, wait_s=100.0)
    assert again(120.0) is ACT
    assert again(120.0, ALIKE) is REFUND_ALIKE
    assert again(119.0, ALIKE).move is Move.WAIT


def test_the_youngest_call_in_doubt_is_the_one_that_may_not_show_yet() -> None:
    young = [Try(Asked.REFUND, UNKNOWN, 50.0), Try(Asked.REFUND, NOT_SENT, 1.0)]
    waits = refund(UNKNOWN, age_s=500.0, after=young, shown=NONE_SHOWN, keys_live_s=0.0)
    assert waits == Next(Move.WAIT, wait_s=70.0)


def test_a_refund_in_doubt_that_was_refused_or_is_barred_is_a_persons() -> None:
    old_s = REFUND_SHOWS_S
    assert refund(UNKNOWN, REFUSED, age_s=old_s, shown=NONE_SHOWN) is REFUSED_IN_DOUBT
    young = refund(UNKNOWN, REFUSED, age_s=1.0, shown=NONE_SHOWN)
    assert young == Next(Move.WAIT, wait_s=119.0)
    aside = refund(UNKNOWN, age_s=old_s, shown=NONE_SHOWN, barred="it is disputed")
    assert (aside.move, aside.reason) == (Move.SET_ASIDE, "unheard")
    assert aside.why.endswith("it is disputed")


def test_what_is_set_aside_says_under_which_reason() -> None:
    assert REFUSED_IN_DOUBT.reason == ProviderRefused.code
    assert (REFUSED_IN_DOUBT.move, REFUND_ALIKE.move) == (Move.SET_ASIDE, Move.SET_ASIDE)
    assert REFUND_ALIKE.reason == "unheard"
    assert REFUSED_IN_DOUBT.why
    assert REFUND_ALIKE.why


def test_a_payment_that_has_ended_or_is_paid_is_not_cancelled() -> None:
    for state in State:
        expected = LOOK_UP if state is State.PROCESSING else FINISH
        expected = CANCEL if state is State.PENDING else expected
        assert cancel(state=state) is expected


def test_a_payment_that_others_hand_over_is_looked_up_before_it_is_cancelled() -> None:
    def begun(*, elsewhere: bool, can_ask: bool = True) -> Next:
        return calls.cancel(
            State.PENDING,
            [],
            can_ask=can_ask,
            can_cancel=True,
            found=None,
            is_begun_elsewhere=elsewhere,
        )

    assert begun(elsewhere=True) is LOOK_UP
    assert begun(elsewhere=False) is CANCEL
    assert begun(elsewhere=True, can_ask=False) is CANCEL


def test_what_cannot_be_asked_about_is_cancelled_here() -> None:
    assert cancel(can_ask=False) is CANCEL


def test_the_provider_cancels_what_it_knows_and_has_not_ended() -> None:
    assert cancel() is LOOK_UP
    assert cancel(found=Told()) is ACT
    assert cancel(found=Told(is_known=False)) is CANCEL
    assert cancel(found=Told(is_final=True)) is CANCEL
    assert cancel(found=Told(), can_cancel=False) is CANCEL
    assert cancel(REFUSED, found=Told()) is CANCEL
    assert cancel(UNKNOWN, found=Told()) is ACT


@pytest.mark.parametrize(
    ("error", "pause_s"),
    [
        (ProviderAway("away", retry_after_s=60.0), 60.0),
        (ProviderAway("away", retry_after_s=1.0), 5.0),
        (ProviderAway("away", retry_after_s=9_999.0), 600.0),
        (ProviderAway("away"), 5.0),
        (OutcomeUnknown("cut off"), 5.0),
    ],
)
def test_a_provider_is_left_alone_for_as_long_as_it_asks_within_reason(
    error: Exception, pause_s: float
) -> None:
    assert calls.pause_s(error, 5.0) == pause_s
    assert calls.pause_s(OutcomeUnknown("cut off"), 0.5) == 0.5


def test_a_turn_of_a_command_makes_four_calls_at_most() -> None:
    assert calls.STEPS_MAX == 4
    assert calls.TooManySteps.code == "too_many_steps"
    assert Next(Move.ACT) == Next(Move.ACT, wait_s=0.0, reason="", why="")


def test_the_moves_keep_their_names() -> None:
    names = ["finish", "act", "look_up", "wait", "cancel", "refuse", "set_aside"]
    assert [str(move) for move in Move] == names
