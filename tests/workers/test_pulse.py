"""The pulse: work that goes on is no stall, work that does not is one."""

from __future__ import annotations

import time

from workers import pulse


def test_only_work_that_does_not_go_on_is_a_stall() -> None:
    with pulse.at_work():
        assert pulse.stalled() == 0
        time.sleep(0.03)
        assert pulse.stalled(longest_s=0.02) == 1
        pulse.beat()
        assert pulse.stalled(longest_s=0.02) == 0

    time.sleep(0.03)
    assert pulse.stalled(longest_s=0.02) == 0


def test_a_beat_outside_of_work_begins_none() -> None:
    pulse.beat()
    assert pulse.stalled(longest_s=-1.0) == 0
