"""Sparing: a worker that dies with a call under way costs half a minute, and a test has no time.

Whoever comes next waits until the call, or the lock that was held for it, is presumed dead. A run
of an hour must have that, and has it; the one of the test suite kills between two calls.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import redis

from domain.wakeup import BROKER_NAMESPACE
from tests.soak.killing import WORKER

if TYPE_CHECKING:
    from tests.soak.watch import Watch


class Sparing:
    """Knows what workers have under way. Uses the connection of `watch`."""

    def __init__(self, watch: Watch, redis_url: str) -> None:
        self._watch = watch
        self._redis = redis.Redis.from_url(redis_url)

    def close(self) -> None:
        """Hang up."""
        self._redis.close()

    def may_die(self, name: str) -> bool:
        """Whether nobody would wait for long if this process died now."""
        if name != WORKER:
            return True
        locks = self._redis.scan_iter(match=f"{BROKER_NAMESPACE}:lock:*", count=1_000)
        return not self._watch.counts().live_calls and next(locks, None) is None
