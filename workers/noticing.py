"""Notices of single changes: whoever waits for a payment is told that a person has changed it.

Nothing rests on it: who waits also looks. What many change at once is told by `workers.telling`.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

import redis

from domain.wakeup import CHANGES_CHANNEL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from workers.database import Database

PUBLISH_S_MAX = 1.0
"""How long Redis may take to be told."""


def tell(references: Iterable[str]) -> None:
    """Tell that these payments have changed, where a Redis is named; never raises."""
    url = os.environ.get("REDIS_URL")
    if not url:
        return
    with (
        contextlib.suppress(redis.RedisError, ValueError),
        redis.Redis.from_url(
            url, socket_timeout=PUBLISH_S_MAX, socket_connect_timeout=PUBLISH_S_MAX
        ) as client,
    ):
        client.publish(CHANGES_CHANNEL, " ".join(references))


def afterwards(reference: str) -> Callable[[Database], Mapping[str, object]]:
    """Return what tells of this payment once a second person's decision is committed."""

    def told(database: Database) -> Mapping[str, object]:
        del database
        tell([reference])
        return {}

    return told
