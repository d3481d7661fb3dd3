"""How fast a replay goes: by its rate, and by what it leaves to others."""

from __future__ import annotations

import pytest

from workers.replaying.driving import pause_s
from workers.replaying.limits import LOOK_EVERY_S, RATE_PER_S, RATE_PER_S_MAX
from workers.replaying.stepping import Step
from workers.store.replays import Job

BEGUN = 25


def job(rate_per_s: int) -> Job:
    return Job(1, "operator:ada", "x", "running", 1_000, rate_per_s, 1, 100, 10, 0, 0, {})


def begun(rate_per_s: int, count: int = BEGUN) -> Step:
    return Step(job(rate_per_s), count, 0, is_ours=True)


def test_a_step_that_is_soon_done_is_followed_by_the_next_at_the_rate() -> None:
    done = begun(RATE_PER_S)

    assert pause_s(done, 0.010) == pytest.approx(BEGUN / RATE_PER_S - 0.010)


def test_a_step_that_takes_long_because_others_are_busy_is_rested_from_for_four_times_as_long() -> (
    None
):
    assert pause_s(begun(RATE_PER_S), 0.200) == pytest.approx(0.800)
    assert pause_s(begun(RATE_PER_S // 2), 0.200) == pytest.approx(0.800)


def test_who_asks_for_more_than_is_usual_gets_it_whoever_else_waits() -> None:
    assert pause_s(begun(RATE_PER_S_MAX), 0.200) == 0.0
    assert pause_s(begun(RATE_PER_S + 1), 0.100) == pytest.approx(BEGUN / (RATE_PER_S + 1) - 0.1)


def test_with_nothing_begun_it_only_looks_again() -> None:
    assert pause_s(begun(RATE_PER_S, 0), 3.0) == LOOK_EVERY_S
    assert pause_s(Step(None, 0, 0, is_ours=False), 3.0) == LOOK_EVERY_S
