"""Laws of corrections, for any history."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.correcting import possible
from domain.money import Money
from tests.domain.guided import CREDIT, MONEYLESS, lived
from tests.domain.histories import (
    ASKED,
)
from tests.domain.test_order import ALL_FACTS

if TYPE_CHECKING:
    import random

    from domain.facts import Fact


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
