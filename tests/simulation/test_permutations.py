"""The law of facts: whatever their order, they end in the same payment."""

from __future__ import annotations

from itertools import combinations

import pytest

from domain.facts import FactKind
from tests.simulation.fact_sets import CANCELLED, FACTS_MAX, SETS, VOCABULARY
from tests.simulation.permutations import every_order, every_order_with_a_cut

ORDERS = 5_040
CUTS = ("money that does not fit", "refunds of two captures", "disputes")


@pytest.mark.parametrize("name", SETS)
def test_every_order_of_seven_facts_ends_alike(name: str) -> None:
    walk = every_order(SETS[name])

    assert (walk.orders, len(walk.ends)) == (ORDERS, 2**FACTS_MAX)


@pytest.mark.parametrize("name", CANCELLED)
def test_every_order_of_seven_facts_after_a_cancel_ends_alike(name: str) -> None:
    walk = every_order(SETS[name], cancelled=True)

    assert (walk.orders, len(walk.ends)) == (ORDERS, 2**FACTS_MAX)


@pytest.mark.parametrize("name", CUTS)
def test_facts_before_and_after_a_decision_end_alike_in_every_order(name: str) -> None:
    pool = SETS[name]
    orders = 0
    for before in list(combinations(pool, 3))[::5]:
        later = tuple(fact for fact in pool if fact not in before)[:3]
        orders += every_order_with_a_cut(before, later)

    assert orders > 36


def test_the_vocabulary_has_a_fact_of_every_kind() -> None:
    assert {fact.kind for fact in VOCABULARY} == set(FactKind)
    assert all(len(pool) == FACTS_MAX for pool in SETS.values())
