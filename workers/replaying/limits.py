"""What a replay may take on, and how fast; a command may ask for another rate and bounds."""

from __future__ import annotations

ITEMS_MAX = 100_000
"""Letters in one replay; a larger group is replayed in parts."""

RATE_PER_S = 200
RATE_PER_S_MAX = 2_000
"""Letters begun in a second: what leaves live traffic its share of two cores."""

CHUNK_S = 0.25
"""Time whose letters are applied together: small batches hold locks for a short time."""

CANARY = 1
CANARY_FROM = 10
"""Letters that go ahead of a group; the group must have more than `CANARY_FROM` letters."""

FAILURES_SHARE = 10
FAILURES_MIN = 5
"""A replay is aborted above one failure in so many letters, though not before so many."""

OTHERS_WAIT_S = 60.0
"""How long nobody else takes up what is being replayed; should we die, the relay does then."""

WAIT_S_MAX = 10.0
"""How long a letter in other hands (a command, a quarantine) is waited for before it counts as
failed for now."""

LOOK_EVERY_S = 0.1
"""How often letters in other hands are looked at."""

LEASE_S = 10.0
"""After how long without a sign of life of its driver a replay is taken over."""


def canary_of(matched: int) -> int:
    """Return how many letters go ahead of a group of this size."""
    return CANARY if matched > CANARY_FROM else 0


def failures_of(matched: int) -> int:
    """Return how many letters of a group may fail before the rest is left alone."""
    return max(FAILURES_MIN, matched // FAILURES_SHARE)
