"""What a replay may take on, and how fast; a command may ask for another rate and bounds."""

from __future__ import annotations

ITEMS_MAX = 100_000
"""Letters in one replay; a larger group is replayed in parts."""

RATE_PER_S = 100
RATE_PER_S_MAX = 2_000
"""Letters begun in a second: what is usual leaves live traffic its share of two cores."""

WORKING_SHARE = 0.2
"""At the usual rate or below, a replay works for at most this share of the time: where steps take
long, because live traffic has the processor, it begins fewer. Who asks for more than is usual wants
it done, whoever else waits."""

CHUNK_S = 0.25
"""Time whose letters are applied together: small batches hold locks for a short time."""

CANARY = 1
CANARY_FROM = 10
"""Letters that go ahead of a group; the group must have more than `CANARY_FROM` letters."""

FAILURES_SHARE = 10
FAILURES_MIN = 5
"""A replay is aborted above one failure in so many letters, though not before so many."""

EDITED_MAX = 500
"""Letters of one replay that people have edited before: each is tried once more to weigh it."""

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
