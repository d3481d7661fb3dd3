"""The Redis lock: who is about to call a provider for one debt. A courtesy, not a guard.

It spares the provider and the pool of threads a herd of callers. That nobody calls twice is the
work of the database: one live call a debt, and a fence. So without Redis the work goes on.
"""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

import redis
import structlog
from redis.exceptions import LockError
from redis.lock import Lock

from domain.errors import Transient
from domain.wakeup import BROKER_NAMESPACE

if TYPE_CHECKING:
    from collections.abc import Iterator

log = structlog.get_logger()

LIVES_S = 30.0
"""How long a lock lives that nobody releases."""

WAITS_S_MAX = 10.0
"""Longest wait for a lock that somebody else holds."""

HELD_S_MAX = 60.0
"""Longest that a lock may be held, however often it is renewed."""

LOOKS_EVERY_S = 0.05
"""How often a lock that is held is looked at again."""


class LockBusy(Transient):
    """Somebody else held the lock for as long as we would wait."""

    code = "lock_busy"


class Held:
    """A lock that is held, or that Redis could not give: then `lock` is None."""

    def __init__(self, lock: Lock | None, *, held_s_max: float) -> None:
        self._lock = lock
        self._ends_s = time.monotonic() + held_s_max

    @property
    def is_real(self) -> bool:
        """Whether Redis keeps others out."""
        return self._lock is not None

    def renew(self) -> bool:
        """Make the lock live on, never beyond its cap; say whether it is still ours."""
        left_s = min(LIVES_S, self._ends_s - time.monotonic())
        if self._lock is None or left_s <= 0:
            return False
        try:
            return self._lock.extend(left_s, replace_ttl=True)
        except (LockError, redis.RedisError):
            return False

    def release(self) -> None:
        """Release the lock if it is still ours; one that has run out may be another's by now."""
        if self._lock is None:
            return
        try:
            self._lock.release()
        except (LockError, redis.RedisError) as error:
            log.info("lock.lost", error_class=type(error).__name__)


class Locks:
    """Locks by name, of one Redis."""

    def __init__(
        self, client: redis.Redis, *, lives_s: float = LIVES_S, held_s_max: float = HELD_S_MAX
    ) -> None:
        self._client = client
        self._lives_s = lives_s
        self._held_s_max = held_s_max

    @contextlib.contextmanager
    def hold(self, name: str, *, waits_s: float = WAITS_S_MAX) -> Iterator[Held]:
        """Hold the lock while the block runs, and release it whatever happens in it.

        Raises LockBusy when somebody else holds it for `waits_s`. When Redis is away the block
        runs without it.
        """
        held = Held(self._acquire(name, waits_s), held_s_max=self._held_s_max)
        try:
            yield held
        finally:
            held.release()

    def _acquire(self, name: str, waits_s: float) -> Lock | None:
        lock = Lock(
            self._client,
            f"{BROKER_NAMESPACE}:lock:{name}",
            timeout=self._lives_s,
            sleep=LOOKS_EVERY_S,
            blocking_timeout=waits_s,
        )
        try:
            is_ours = lock.acquire()
        except redis.RedisError as error:
            log.warning("lock.silent", error_class=type(error).__name__)
            return None
        if not is_ours:
            raise LockBusy(f"somebody else holds {name}")
        return lock
