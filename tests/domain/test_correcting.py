"""Corrections: a person's word cuts the fold, moves no money that is not there, and holds."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import ledger
from domain.audit import genesis
from domain.correcting import CorrectionUnfounded, correct, moved_minor, net, possible, suspense
from domain.facts import FactStatus
from domain.fold import fold
from domain.judgement import Known
from domain.money import Money
from domain.payment import BY_PERSON
from domain.transitions import LEGAL, State
from tests.domain.histories import (
    ASKED,
    Played,
    captured,
    dispute,
    failed,
    fee,
    initialized,
    ngn,
    refund,
    refund_total,
    unheard,
)
from tests.domain.test_order import ALL_FACTS

if TYPE_CHECKING:
    import random

    from domain.correcting import Corrected
    from domain.facts import Fact
    from domain.payment import Asked

CREDIT = ledger.customer_credit("ada")
MONEYLESS = (State.PENDING, State.PROCESSING, State.FAILED, State.CANCELLED)


class Guided(Played):
    """A payment that facts and people move, with every rule of posting held at every step."""

    def known(self) -> Known:
        return Known(
            1,
            "p1",
            self.asked,
            "default",
            len(self.changes),
            genesis([]),
            tuple(self.facts),
            self.position,
        )

    def correct(self, to_state: State) -> Corrected:
        corrected = correct(self.known(), to_state)
        change = corrected.change
        self.asked = corrected.asked
        self.changes.append(change)
        self.position = change.after
        for movement in change.movements:
            name = (movement.effect, movement.object_id)
            assert name not in self.names, f"{name} is posted twice"
            self.names.add(name)
            for leg in movement.legs:
                self.posted[leg.account, leg.currency] += leg.amount_minor
        return corrected

    def check(self) -> None:
        """Hold what was posted and where it stands against what the fold says of all facts."""
        assert self.position == fold(self.asked, self.facts)
        assert {k: v for k, v in self.posted.items() if v} == net(self.position)
        for change in self.changes:
            assert LEGAL.issuperset(change.edges)
            for movement in change.movements:
                sums: Counter[str] = Counter()
                for leg in movement.legs:
                    sums[leg.currency] += leg.amount_minor
                assert not any(sums.values())
        edges = [edge for change in self.changes for edge in change.edges]
        assert [e.from_state for e in edges[1:]] == [e.to_state for e in edges[:-1]]

    def state(self) -> State:
        return self.position.state

    def credit_minor(self, currency: str = "NGN") -> int:
        return self.posted[CREDIT, currency]


def lived(*history: Fact, asked: Asked = ASKED) -> Guided:
    played = Guided(asked=asked, position=fold(asked, ()))
    for fact in history:
        played.hear(fact)
    return played


CANCELLED = replace(ASKED, cancelled=True)


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


@given(st.lists(st.sampled_from(ALL_FACTS), max_size=12), st.booleans(), st.data())
@settings(max_examples=300, deadline=None)
def test_facts_and_people_in_any_mixture_keep_every_rule(
    history: list[Fact],
    cancelled: bool,  # noqa: FBT001 - hypothesis passes by position
    data: st.DataObject,
) -> None:
    played = lived(asked=replace(ASKED, cancelled=cancelled))
    for fact in history:
        played.hear(fact)
        choices = possible(played.known())
        to_state = data.draw(st.sampled_from([None, *choices]))
        if to_state is None:
            continue
        before = {c: m for (a, c), m in played.posted.items() if a == CREDIT}
        played.correct(to_state)
        assert played.state() is to_state
        for currency, minor in before.items():
            assert played.credit_minor(currency) >= minor
    played.check()


@given(
    st.lists(st.sampled_from(ALL_FACTS), max_size=8),
    st.lists(st.sampled_from(ALL_FACTS), max_size=10),
    st.randoms(use_true_random=False),
    st.data(),
)
@settings(max_examples=400, deadline=None)
def test_facts_permute_freely_after_a_correction(
    before: list[Fact], after: list[Fact], chance: random.Random, data: st.DataObject
) -> None:
    played = lived(*before)
    choices = possible(played.known())
    if not choices:
        return
    played.correct(data.draw(st.sampled_from(choices)))
    other = played.copy()
    shuffled = [*after, *chance.choices(after, k=len(after))] if after else []
    chance.shuffle(shuffled)

    for fact in after:
        played.hear(fact)
    for fact in shuffled:
        other.hear(fact)

    assert other.outcome() == played.outcome()


@given(
    st.lists(st.sampled_from(ALL_FACTS), max_size=8),
    st.lists(st.sampled_from(ALL_FACTS), max_size=8),
    st.data(),
)
@settings(max_examples=300, deadline=None)
def test_accepted_money_is_the_customers_once(
    before: list[Fact], after: list[Fact], data: st.DataObject
) -> None:
    """What captures credit is what was accepted: no later fact adds to it or takes from it."""
    played = lived(*before)
    choices = [s for s in possible(played.known()) if s not in MONEYLESS]
    if not choices or not any(fact.kind == "succeeded" for fact in played.facts):
        return
    accepted = played.correct(data.draw(st.sampled_from(choices))).correction.accepted
    for fact in after:
        played.hear(fact)

    credited = {
        object_id: Money(currency, minor)
        for (effect, object_id), legs in played.position.effects.items()
        for (account, currency), minor in legs.items()
        if effect == "capture" and account == CREDIT
    }
    assert credited == accepted
