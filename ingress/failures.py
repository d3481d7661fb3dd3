"""Failures: how often each address could not be authenticated lately. Bounded, in memory."""

from __future__ import annotations

from dataclasses import dataclass

FAILURES_PER_WINDOW_MAX = 600
"""Failed signatures of one address in `WINDOW_S` after which it is asked to stay away."""

WINDOW_S = 60

ADDRESSES_MAX = 10_000
"""Addresses remembered; the one that was first seen longest ago is forgotten for a new one."""


@dataclass(slots=True)
class _Window:
    ends_s: float
    failures: int = 0


class Failures:
    """Counts failures by address in windows of `WINDOW_S`; `failures_max` of one are borne."""

    def __init__(self, *, failures_max: int = FAILURES_PER_WINDOW_MAX) -> None:
        self._failures_max = failures_max
        self._windows: dict[str, _Window] = {}

    def __len__(self) -> int:
        """Return how many addresses are remembered."""
        return len(self._windows)

    def note(self, address: str, *, now_s: float) -> int:
        """Count one failure; return the seconds to stay away, 0 while there are few enough."""
        window = self._windows.get(address)
        if window is None or window.ends_s <= now_s:
            window = self._open(address, now_s)
        window.failures += 1
        if window.failures <= self._failures_max:
            return 0
        return max(1, round(window.ends_s - now_s))

    def _open(self, address: str, now_s: float) -> _Window:
        self._windows.pop(address, None)
        if len(self._windows) >= ADDRESSES_MAX:
            del self._windows[next(iter(self._windows))]
        window = self._windows[address] = _Window(ends_s=now_s + WINDOW_S)
        return window
