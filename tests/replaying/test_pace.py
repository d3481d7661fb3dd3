"""How fast a replay goes: by its rate, and by what it leaves to others."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.replaying.pile import frozen, pile
from workers.database import Database
from workers.replaying.driving import pause_s
from workers.replaying.limits import LOOK_EVERY_S, RATE_PER_S, RATE_PER_S_MAX
from workers.replaying.stepping import Driver, Step, step
from workers.store.replays import Job

if TYPE_CHECKING:
    from tests.workers.scene import Scene

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


def test_a_step_reads_none_of_the_letters_whose_turn_has_not_come(
    database_url: str, scene: Scene
) -> None:
    pile(scene, 1_000)
    scene.execute("ANALYZE")
    replay_id = frozen(scene).replay_id
    # As the relay's: its statements are planned once, whatever they ask for.
    driver = Driver(Database(database_url, name="pace", generic_plans=True), "pace")
    step(driver, replay_id)
    plans: list[str] = []
    with driver.database.transaction() as tx:
        tx.execute("LOAD 'auto_explain'")
        tx.execute("SET auto_explain.log_min_duration = 0")
        tx.execute("SET auto_explain.log_analyze = on")
        tx.execute("SET client_min_messages = 'log'")
        tx.add_notice_handler(lambda notice: plans.append(notice.message_primary or ""))
    done = step(driver, replay_id)
    driver.database.close()

    assert done.begun >= BEGUN
    passed_over = re.findall(r"Rows Removed by Filter: ([0-9]+)", "\n".join(plans))
    assert len(plans) > 10
    assert max(map(int, passed_over)) <= done.begun
