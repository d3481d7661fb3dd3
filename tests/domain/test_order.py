"""The law: any order and repetition of the same facts ends in the same payment."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.facts import Fact, FactStatus
from domain.transitions import LEGAL, State
from tests.domain.histories import (
    ASKED,
    captured,
    dispute,
    failed,
    fee,
    initialized,
    play,
    refund,
    refund_total,
    unheard,
)

if TYPE_CHECKING:
    import random

ALL_FACTS = (
    *(initialized(), failed(), failed("T0"), unheard(), fee()),
    *(captured(), captured(999), captured(object_id="T2"), captured(500, "T2")),
    *(captured(object_id="T3"), captured(1_000, "T4", "USD")),
    *(refund(400, FactStatus.PENDING), refund(400), refund(400, FactStatus.FAILED)),
    *(refund(400, capture_id="T1"), refund(400, capture_id="T2")),
    *(refund(400, FactStatus.FAILED, capture_id="T1"), refund(1_500)),
    *(refund(600, object_id="R2"), refund(1_000, object_id="R2", capture_id="T2")),
    *(refund(500, object_id="R2", capture_id="T2"), refund(300, object_id="R3")),
    *(refund(1_000, object_id="R3"), refund_total(400), refund_total(700)),
    *(refund_total(300, "T2"), dispute(FactStatus.OPENED), dispute(FactStatus.LOST)),
    *(dispute(FactStatus.WON), dispute(FactStatus.OPENED, 300, "D2")),
    *(dispute(FactStatus.WON, 300, "D2"), dispute(FactStatus.LOST, 1_000, "D1", "T2")),
    *(dispute(FactStatus.LOST, 1_000, "D1", "T1"), dispute(FactStatus.OPENED, 1_000, "D1", "T1")),
)
"""Facts that histories are drawn from; sets of seven are played in every order elsewhere
(`tests/simulation/test_permutations.py`)."""


@given(
    st.lists(st.sampled_from(ALL_FACTS), min_size=1, max_size=20),
    st.randoms(use_true_random=False),
    st.booleans(),
)
@settings(max_examples=600, deadline=None)
def test_any_order_and_repetition_of_many_facts_ends_alike(
    history: list[Fact],
    chance: random.Random,
    cancelled: bool,  # noqa: FBT001 - hypothesis passes by position
) -> None:
    asked = replace(ASKED, cancelled=cancelled)
    shuffled = [*history, *chance.choices(history, k=len(history))]
    chance.shuffle(shuffled)

    assert play(*shuffled, asked=asked).outcome() == play(*history, asked=asked).outcome()


@given(st.lists(st.sampled_from(ALL_FACTS), max_size=15), st.booleans())
@settings(max_examples=400, deadline=None)
def test_no_history_leaves_the_table_or_unbalances_the_books(
    history: list[Fact],
    cancelled: bool,  # noqa: FBT001 - hypothesis passes by position
) -> None:
    played = play(*history, asked=replace(ASKED, cancelled=cancelled))

    steps = [edge for change in played.changes for edge in change.edges]
    assert LEGAL.issuperset(steps)
    assert [s.from_state for s in steps[1:]] == [s.to_state for s in steps[:-1]]
    for change in played.changes:
        for movement in change.movements:
            assert sum(leg.amount_minor for leg in movement.legs) == 0
    assert (played.position.state is State.REVIEW) == bool(played.position.contradictions)


@given(st.lists(st.sampled_from(ALL_FACTS), max_size=15))
@settings(max_examples=400, deadline=None)
def test_no_history_credits_a_payment_twice(history: list[Fact]) -> None:
    played = play(*history)

    credited = [
        leg.amount_minor
        for change in played.changes
        for movement in change.movements
        for leg in movement.legs
        if movement.effect.startswith("capture") and leg.account == "customer_credit:ada"
    ]
    assert credited in ([], [1_000])


def test_a_failed_refund_that_names_no_capture_takes_nothing_out_of_a_total_of_others() -> None:
    told = play(captured(), refund(300, FactStatus.FAILED, object_id="R2"), refund_total(500))

    assert told.position.refunded_minor == 500


def test_a_failed_refund_of_a_capture_takes_its_share_out_of_the_total_that_had_it_in() -> None:
    gone = refund(300, FactStatus.FAILED, object_id="R2", capture_id="T1")
    told = play(captured(), refund_total(500), gone)

    assert told.position.refunded_minor == 200
