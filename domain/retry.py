"""When failed work is tried again, and when it is not."""

from __future__ import annotations

TRANSIENT_DELAY_S_MAX = 60.0
"""Longest wait between two tries of work that failed for a passing reason."""

TRANSIENT_AGE_S_MAX = 24 * 3600
"""Work that fails for passing reasons dies only of age, counted from its first failure."""

UNCLASSIFIED_ATTEMPTS_MAX = 5
"""Tries of work that failed for a reason nobody foresaw; the last one ends in a dead letter."""

RING_DELAY_S_FIRST = 3.0
RING_DELAY_S_MAX = 600.0
"""Unfinished work is rung for again after 3 s, then 6, 12 … up to ten minutes."""

CRASHES_BEFORE_SPLIT = 3
"""A batch whose worker died with it this often is split into single events."""

CRASHES_BEFORE_QUARANTINE = 4
"""An event that, alone, kills its worker once more goes to a process of its own."""


def delay_s(attempts: int, jitter: float) -> float:
    """Return the wait after the given number of failed attempts: 1, 2, 4 … s, capped at 60.

    `jitter`, from 0 to 1, takes a part of that ("full jitter"), so that what failed together does
    not come back together.
    """
    return min(TRANSIENT_DELAY_S_MAX, 2.0 ** (attempts - 1)) * jitter
