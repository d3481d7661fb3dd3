"""Seconds: what came of the deliveries in each second of a run, for progress and for the plot."""

from __future__ import annotations

from array import array
from typing import NamedTuple

OUTCOMES = 3


class Second(NamedTuple):
    """One second of the monotonic clock, by when tries ended; latencies are of all of them."""

    at_s: int
    ok: int
    refused: int
    unknown: int
    p50_s: float
    p99_s: float

    @property
    def tries(self) -> int:
        """How many tries ended in it."""
        return self.ok + self.refused + self.unknown


class Seconds:
    """Counts; the latencies of a second are kept until it is full, then only what they show."""

    def __init__(self) -> None:
        self._full: list[Second] = []
        self._at_s = -1
        self._counts = [0] * OUTCOMES
        self._latencies_s = array("f")

    def add(self, ended_s: float, tally: tuple[int, float]) -> bool:
        """Add an outcome (0 to 2) and its latency; return whether a new second has begun.

        A try that is told late counts for the second that is open.
        """
        is_new = ended_s >= self._at_s + 1
        if is_new:
            self._close()
            self._at_s = int(ended_s)
        outcome, latency_s = tally
        self._counts[outcome] += 1
        self._latencies_s.append(latency_s)
        return is_new

    def full(self) -> list[Second]:
        """Return all seconds in which something ended, but for the one that is open."""
        return list(self._full)

    def _close(self) -> None:
        if self._latencies_s:
            shown = sorted(self._latencies_s)
            p50_s, p99_s = percentile(shown, 0.5), percentile(shown, 0.99)
            ok, refused, unknown = self._counts
            self._full.append(Second(self._at_s, ok, refused, unknown, p50_s, p99_s))
        self._counts = [0] * OUTCOMES
        self._latencies_s = array("f")


def percentile(ordered: list[float], share: float) -> float:
    """Return the value that this share of them does not exceed; 0 where there are none."""
    if not ordered:
        return 0.0
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
