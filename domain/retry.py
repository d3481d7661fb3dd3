"""When failed work is tried again, and when it is not."""

from __future__ import annotations

TRANSIENT_DELAY_S_MAX = 20.0
"""Longest wait between two tries of work that failed for a passing reason. With a breaker that is
open and the call itself, all is settled half a minute after the cause is gone."""

STORE_DELAY_S_MAX = 8.0
"""The same where it is the store that had no time or no lock for it: that passes soon, and whoever
waits then does so for nothing."""

TRANSIENT_AGE_S_MAX = 24 * 3600
"""Work that fails for passing reasons dies only of age, counted from its first failure."""

UNCLASSIFIED_ATTEMPTS_MAX = 5
"""Tries of work that failed for a reason nobody foresaw; the last one ends in a dead letter."""

RING_DELAY_S_FIRST = 3.0
RING_DELAY_S_MAX = 600.0
"""Unfinished work is rung for again after 3 s, then 6, 12 … up to ten minutes, while rings wait to
be heard. Where none does, those before were lost, and it is rung for again after 3 s."""

CRASHES_BEFORE_SPLIT = 3
"""A batch whose worker died with it this often is split into single events."""

CRASHES_BEFORE_QUARANTINE = 4
"""An event that, alone, kills its worker once more goes to a process of its own."""


def delay_s(attempts: int, jitter: float, *, longest_s: float = TRANSIENT_DELAY_S_MAX) -> float:
    """Return the wait after the given number of failed attempts: 1, 2, 4 … s, up to the longest.

    `jitter`, from 0 to 1, takes a part of that ("full jitter"), so that what failed together does
    not come back together.
    """
    return min(longest_s, 2.0 ** (attempts - 1)) * jitter
