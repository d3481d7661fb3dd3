"""The wake-up: what both sides must agree on to ring for work.

A message carries event ids and nothing else. It may be lost, doubled, reordered or split at
will: the work rows in Postgres decide, never a message.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

IDS_PER_RING_MAX = 200
"""Event ids in one message: one transaction's worth of work."""

QUEUE_LENGTH_HIGH_WATER = 200
"""Messages waiting above which nobody rings again for old work: the workers know already."""

BROKER_NAMESPACE = "{payratchet}"
"""Prefix of every key of the broker; the braces keep them on one shard of a cluster."""


PROBE_KEY = f"{BROKER_NAMESPACE}:probe"
PROBE_LIVES_MS = 10_000
"""What is written to see whether the broker takes messages, and how long it stays there."""


CHANGES_CHANNEL = f"{BROKER_NAMESPACE}:changes"
"""Where workers say which payments have changed: references, a space between two. May be lost."""


class Lane(StrEnum):
    """Work that may not wait for other work. Each has a queue, an actor and threads of its own."""

    EVENTS = "events"
    CALLS = "calls"
    REPLAY = "replay"
    QUARANTINE = "quarantine"


def queue_name(lane: Lane) -> str:
    """Return the name of the lane's queue at the broker."""
    return f"payratchet_{lane}"


def actor_name(lane: Lane) -> str:
    """Return the name of the actor that receives lists of ids of this lane."""
    return f"apply_{lane}"


def batches(event_ids: Sequence[int]) -> Iterator[list[int]]:
    """Split ids into messages of at most `IDS_PER_RING_MAX`, in their order."""
    for start in range(0, len(event_ids), IDS_PER_RING_MAX):
        yield list(event_ids[start : start + IDS_PER_RING_MAX])
