"""Virtual time: nobody waits for it, and it goes only where it is told to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

BEGINS = datetime(2026, 1, 1, tzinfo=UTC)
"""When every history begins."""

BEGINS_S = BEGINS.timestamp()


class Clock:
    """What everybody in a history calls now; `now_s` counts seconds from its begin."""

    def __init__(self) -> None:
        self._now_s = 0.0
        self._now = BEGINS

    @property
    def now_s(self) -> float:
        return self._now_s

    @property
    def unix_s(self) -> float:
        return BEGINS_S + self._now_s

    def now(self) -> datetime:
        return self._now

    def go_to(self, now_s: float) -> None:
        """Go on to that time; time never goes back."""
        if now_s > self._now_s:
            self._now_s = now_s
            self._now = BEGINS + timedelta(seconds=now_s)
