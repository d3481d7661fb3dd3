"""Liveness: what must come to pass once nothing strikes any more, and how long it takes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.chaos.progress import Show
    from tests.chaos.stage import Stage
    from tests.chaos.traffic.traffic import Traffic
    from tests.chaos.watching.looks import Look
    from tests.chaos.watching.watcher import Watcher

CALLS_SHARE = 3.0
"""How many times as long calls of providers are waited for: one whose worker died with it is
presumed dead first."""

LOOK_S = 0.1
CALM_LOOKS = 3
"""Looks in a row without anything open: what is told late is waited for too."""


class Settled(NamedTuple):
    """After how long everything was answered, every event had an end, and every call had one.

    None for what never came to pass; `open` says what was open at the end of the wait.
    """

    sent_s: float | None
    events_s: float | None
    calls_s: float | None
    open: str


class Waiting:
    """Waits for one thing after another, counting from the end of the last fault."""

    def __init__(
        self, stage: Stage, traffic: Traffic, watcher: Watcher, show: Show, *, healed_s: float
    ) -> None:
        """`healed_s` is when the last fault was taken away (monotonic)."""
        self._stage = stage
        self._traffic = traffic
        self._watcher = watcher
        self._show = show
        self._healed_s = healed_s

    def settled(self, *, within_s: float) -> Settled:
        """Wait for all of it, and return when what was reached. Raises LocalRunFailed."""
        self._show.phase("settling", lasts_s=within_s)
        sent_s = self._until(_anything, within_s)
        events_s = self._until(_no_events, within_s)
        self._watcher.kept_errors = self._stage.provider.kept_errors
        calls_s = self._until(_no_calls, CALLS_SHARE * within_s)
        return Settled(sent_s, events_s, calls_s, self._open())

    def _until(self, is_well: Callable[[Look], bool], within_s: float) -> float | None:
        """Return after how long it was well, several times in a row; None if not in time."""
        first_s, calm, seen_s = 0.0, 0, self._healed_s
        while (elapsed_s := time.monotonic() - self._healed_s) < within_s:
            self._stage.processes.check()
            self._show.at(elapsed_s, self._open() or "nothing open")
            last = self._watcher.last
            if last is not None and last.at_s > seen_s:
                seen_s = last.at_s
                calm = calm + 1 if self._traffic.is_idle and is_well(last) else 0
                first_s = last.at_s if calm == 1 else first_s
                if calm >= CALM_LOOKS:
                    return first_s - self._healed_s
            time.sleep(LOOK_S)
        return None

    def _open(self) -> str:
        last = self._watcher.last
        counts = {"deliveries waiting": self._traffic.live.waiting}
        if last is not None:
            counts |= {"events": last.events, "calls": last.live_calls}
            if last.owed_calls is not None:
                counts |= last.owed_calls._asdict()
        return ", ".join(f"{count} {name}" for name, count in counts.items() if count)


def _anything(look: Look) -> bool:
    del look
    return True


def _no_events(look: Look) -> bool:
    return not look.owes_events


def _no_calls(look: Look) -> bool:
    return not look.owes_calls
