"""The Dramatiq broker and its one actor."""

from __future__ import annotations

import os

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from textbook.apply import apply_event as apply

dramatiq.set_broker(RedisBroker(url=os.environ["REDIS_URL"]))


# Dramatiq retries whatever an actor raises, with a growing pause; a message is acknowledged when
# its actor returned.
@dramatiq.actor(max_retries=20, min_backoff=1_000, max_backoff=60_000)
def apply_event(event_id: int) -> None:
    apply(event_id)
