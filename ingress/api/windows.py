"""Windows that slide: how many requests came within a period, each remembered by its time."""

from __future__ import annotations

import contextlib
import time
from collections import deque
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from domain.rates import Rate

WINDOWS_MAX = 10_000
"""Windows remembered in a process; there are far fewer clients. The oldest makes room."""


class Window(NamedTuple):
    """What is counted, against which rate, and for whom."""

    name: str
    rate: Rate
    who: str


class Hit(NamedTuple):
    """What became of a request that was to be counted, and how the window is afterwards.

    `reset_at_s` is when the oldest request leaves the window, `at_s` when this one came (seconds
    since the epoch).
    """

    is_within: bool
    remaining: int
    reset_at_s: float
    at_s: float


class Windows(Protocol):
    """Counts requests."""

    async def hit(self, window: Window) -> Hit:
        """Count one request unless it is one too many."""

    async def give_back(self, window: Window, at_s: float) -> None:
        """Count the request that came then no more."""


class OwnWindows:
    """Counted in this process alone."""

    def __init__(self) -> None:
        self._windows: dict[Window, deque[float]] = {}

    async def hit(self, window: Window) -> Hit:
        """Count one request unless it is one too many."""
        now_s, rate = time.time(), window.rate
        times_s = self._times_s(window, now_s)
        is_within = len(times_s) < rate.requests
        if is_within:
            times_s.append(now_s)
        return Hit(is_within, rate.requests - len(times_s), times_s[0] + rate.period_s, now_s)

    def note(self, window: Window, at_s: float) -> None:
        """Count a request that was counted elsewhere, so that the count goes on here."""
        self._times_s(window, at_s).append(at_s)

    async def give_back(self, window: Window, at_s: float) -> None:
        """Count the request that came then no more."""
        with contextlib.suppress(ValueError):
            self._times_s(window, time.time()).remove(at_s)

    def _times_s(self, window: Window, now_s: float) -> deque[float]:
        """Return the requests that still count, oldest first."""
        if window not in self._windows and len(self._windows) >= WINDOWS_MAX:
            del self._windows[next(iter(self._windows))]
        times_s = self._windows.setdefault(window, deque(maxlen=window.rate.requests))
        while times_s and times_s[0] <= now_s - window.rate.period_s:
            times_s.popleft()
        return times_s
