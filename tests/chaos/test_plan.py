"""The plan is a matter of the seed, and keeps to its own laws."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.chaos.faults.registry import faults
from tests.chaos.kinds import BOUNDS, KINDS, OUTAGES, QUIET
from tests.chaos.plan import AT_ONCE_MAX, Strike, plan

QUICK = settings(deadline=None, max_examples=30)
SEEDS = st.integers(0, 2**32)
MINUTES = st.floats(0.1, 8.0)
EVERY_S = st.floats(0.8, 10.0)
SOME_KINDS = st.sets(st.sampled_from(sorted(KINDS)))
MEASURED = {bound.kind for bound in BOUNDS}


def lasting_at(strikes: tuple[Strike, ...], at_s: float) -> list[Strike]:
    return [strike for strike in strikes if strike.at_s <= at_s < strike.ends_s]


@QUICK
@given(SEEDS, MINUTES, SOME_KINDS, EVERY_S)
def test_the_same_seed_strikes_the_same(
    seed: int, minutes: float, kinds: set[str], every_s: float
) -> None:
    once = plan(seed, minutes, sorted(kinds), every_s)

    assert plan(seed, minutes, sorted(kinds, reverse=True), every_s) == once


@QUICK
@given(SEEDS)
def test_another_seed_strikes_otherwise(seed: int) -> None:
    assert plan(seed, 3.0) != plan(seed + 1, 3.0)


@QUICK
@given(SEEDS, MINUTES, SOME_KINDS, EVERY_S)
def test_at_most_three_last_at_once_and_none_after_the_end(
    seed: int, minutes: float, kinds: set[str], every_s: float
) -> None:
    strikes = plan(seed, minutes, kinds, every_s)

    assert all(strike.ends_s <= 60.0 * minutes for strike in strikes)
    assert all(len(lasting_at(strikes, each.at_s)) <= AT_ONCE_MAX for each in strikes)
    assert [each.at_s for each in strikes] == sorted(each.at_s for each in strikes)


@QUICK
@given(SEEDS, MINUTES, SOME_KINDS, EVERY_S)
def test_no_two_have_the_same_in_hand(
    seed: int, minutes: float, kinds: set[str], every_s: float
) -> None:
    strikes = plan(seed, minutes, kinds, every_s)

    for strike in strikes:
        lasting = lasting_at(strikes, strike.at_s)
        busy = list(itertools.chain.from_iterable(each.busies for each in lasting))
        assert len(busy) == len(set(busy))


@QUICK
@given(SEEDS, MINUTES, SOME_KINDS, EVERY_S)
def test_whoever_strikes_for_a_bound_is_alone_and_has_quiet_around(
    seed: int, minutes: float, kinds: set[str], every_s: float
) -> None:
    strikes = plan(seed, minutes, kinds, every_s)

    for lonely in (strike for strike in strikes if strike.alone):
        bound = QUIET[lonely.kind]
        from_s = lonely.at_s - bound.quiet_before_s - 0.02
        until_s = lonely.ends_s + bound.quiet_after_s - 0.02
        others = [each for each in strikes if each is not lonely]
        assert all(each.ends_s <= from_s + 0.04 or each.at_s >= until_s for each in others)


@QUICK
@given(SEEDS)
def test_three_minutes_have_time_for_every_kind_and_every_bound(seed: int) -> None:
    strikes = plan(seed, 3.0)

    assert len(strikes) >= 60
    assert {strike.kind for strike in strikes} == set(KINDS)
    assert {strike.kind for strike in strikes if strike.alone} == MEASURED


@pytest.mark.parametrize("seed", [1, 7, 2**24])
def test_an_hour_has_more_than_a_thousand(seed: int) -> None:
    strikes = plan(seed, 60.0)

    assert len(strikes) >= 1_000
    assert {strike.kind for strike in strikes} == set(KINDS)
    for outage in OUTAGES:
        alone_s = [s.lasts_s for s in strikes if s.alone and s.kind == outage.kind]
        assert max(alone_s) >= outage.lasts_s[0]


@QUICK
@given(SEEDS, SOME_KINDS.filter(bool))
def test_only_the_kinds_that_were_asked_for_strike(seed: int, kinds: set[str]) -> None:
    strikes = plan(seed, 2.0, kinds)

    assert {strike.kind for strike in strikes} <= kinds
    assert strikes


def test_a_kind_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="no such fault: earthquake"):
        plan(1, 3.0, ["kill_web", "earthquake"])


def test_every_kind_has_a_fault_and_every_fault_a_kind() -> None:
    assert set(faults()) == set(KINDS)
