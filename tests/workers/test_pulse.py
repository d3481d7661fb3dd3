"""The pulse: work that goes on is no stall, work that does not is one."""

from __future__ import annotations

import threading
import time

from workers import pulse
from workers.calling.pool import CallPool

HANGS_S = 10.0


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


def test_a_call_that_hangs_does_not_soon_end_the_process_that_applies_webhooks() -> None:
    began, goes_on = threading.Event(), threading.Event()

    def perform(_: int) -> None:
        began.set()
        goes_on.wait(HANGS_S)

    pool = CallPool(perform, threads=1)
    pool.start()
    pool.put([1])
    began.wait(HANGS_S)

    assert pulse.stalled(in_s=pulse.STALL_S_MAX + 1) == 0
    assert pulse.stalled(in_s=pulse.CALL_STALL_S_MAX + 1) == 1
    goes_on.set()
    pool.stop()
    pool.join(HANGS_S)


def test_an_applier_that_hangs_is_noticed_after_a_minute() -> None:
    with pulse.at_work():
        assert pulse.stalled(in_s=pulse.STALL_S_MAX - 1) == 0
        assert pulse.stalled(in_s=pulse.STALL_S_MAX + 1) == 1
