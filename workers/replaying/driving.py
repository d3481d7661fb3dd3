"""Driving: step after step at the rate of the replay, until it is over or in other hands."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import sys
import threading
import time
from typing import TYPE_CHECKING

import psycopg
import structlog
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from workers import pulse
from workers.apply import OF_ONE_EVENT
from workers.replaying.limits import LOOK_EVERY_S, RATE_PER_S, WORKING_SHARE
from workers.replaying.stepping import Driver, Step, step
from workers.store import replays

if TYPE_CHECKING:
    from collections.abc import Callable

    from workers.database import Database
    from workers.store.replays import Job

log = structlog.get_logger()

TICK_S = 1.0
"""How often the relay looks for replays that nobody drives."""

JOBS_MAX = 20
"""Replays that one relay drives in turn."""


TURN_S_MAX = 600.0
"""Longest that a turn may take: `JOBS_MAX` steps, of which each statement may take 10 s."""

STEP_TRIES_MAX = 5
STEP_WAIT_S_MAX = 2.0
"""How often, and after what longest wait, a step that could not get a lock is taken again."""


NICENESS = 10
"""How far a replay stands back from whatever else wants the processor: nobody waits for it."""


def _be_nice() -> None:
    """Let live traffic go first, where the system can say so of one thread."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


def name() -> str:
    """Return a name that no other driver has, and that says where it is."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


def pause_s(done: Step, took_s: float) -> float:
    """Return how long to wait before the next step of a job, so that rate and share are kept."""
    if done.job is None or not done.begun:
        return LOOK_EVERY_S
    by_rate_s = done.begun / done.job.rate_per_s - took_s
    is_usual = done.job.rate_per_s <= RATE_PER_S
    return max(0.0, by_rate_s, took_s * (1 / WORKING_SHARE - 1) if is_usual else 0.0)


def drive(
    driver: Driver, replay_id: int, *, on_step: Callable[[Job], object] = lambda _: None
) -> Job | None:
    """Drive a replay until it is over, paused or in other hands; return it as it then stands.

    Raises psycopg.OperationalError when the store is away, or a lock cannot be had again and again.
    """
    while True:
        began_s = time.monotonic()
        done = _step(driver, replay_id)
        if done.job is not None:
            on_step(done.job)
        if done.job is None or not done.is_ours or done.job.status != "running":
            return done.job
        time.sleep(pause_s(done, time.monotonic() - began_s))


@retry(
    retry=retry_if_exception_type(OF_ONE_EVENT),
    stop=stop_after_attempt(STEP_TRIES_MAX),
    wait=wait_random_exponential(max=STEP_WAIT_S_MAX),
    reraise=True,
)
def _step(driver: Driver, replay_id: int) -> Step:
    return step(driver, replay_id)


class ReplayThread(threading.Thread):
    """Drives every running replay whose driver is gone or never was, in turn."""

    def __init__(self, database: Database) -> None:
        super().__init__(name="replays", daemon=True)
        self._driver = Driver(database, name())
        self._stopping = threading.Event()
        self._next_s: dict[int, float] = {}

    def stop(self) -> None:
        """End after the step in hand; its replay may be taken over at once."""
        self._stopping.set()

    def run(self) -> None:
        """Drive until told to stop. A step that fails is taken again later."""
        _be_nice()
        wait_s = TICK_S
        while not self._stopping.wait(wait_s):
            try:
                with pulse.at_work(TURN_S_MAX):
                    wait_s = self.turn()
            except Exception as error:  # noqa: BLE001 - the store comes back, and so do we
                log.warning("replay.stepped_badly", error_class=type(error).__name__)
                wait_s = TICK_S
        self._let_go()

    def turn(self) -> float:
        """Step each replay that is due; return how long to wait for the next, seconds."""
        driver = self._driver
        with driver.database.transaction() as tx:
            found = replays.drivable(tx, worker=driver.name, lease_s=driver.lease_s, limit=JOBS_MAX)
        self._next_s = {each: self._next_s.get(each, 0.0) for each in found}
        for replay_id in found:
            began_s = time.monotonic()
            if self._next_s[replay_id] <= began_s and not self._stopping.is_set():
                wait_s = self._step(replay_id, began_s)
                self._next_s[replay_id] = time.monotonic() + wait_s
        soonest_s = min(self._next_s.values(), default=float("inf")) - time.monotonic()
        return min(TICK_S, max(0.0, soonest_s))

    def _step(self, replay_id: int, began_s: float) -> float:
        """Step one replay; return how long it waits. One that fails keeps no other back."""
        try:
            done = step(self._driver, replay_id)
        except Exception as error:
            is_away = isinstance(error, psycopg.OperationalError)
            if is_away and not isinstance(error, OF_ONE_EVENT):
                raise
            name_ = type(error).__name__
            log.warning("replay.stepped_badly", error_class=name_, reason=f"replay {replay_id}")
            return TICK_S
        return pause_s(done, time.monotonic() - began_s)

    def _let_go(self) -> None:
        try:
            with self._driver.database.transaction() as tx:
                for replay_id in self._next_s:
                    replays.release(tx, replay_id, worker=self._driver.name)
        except Exception as error:  # noqa: BLE001 - the lease runs out by itself
            log.warning("replay.not_released", error_class=type(error).__name__)
        self._driver.database.close()
