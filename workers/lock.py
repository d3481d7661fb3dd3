"""The Redis lock: who is about to call a provider for one debt. A courtesy, not a guard.

It spares the provider and the pool of threads a herd of callers. That nobody calls twice is the
work of the database: one live call a debt, and a fence. So without Redis the work goes on.
"""

from __future__ import annotations

import contextlib
import time
import uuid
from typing import TYPE_CHECKING

import redis
import structlog
from redis.exceptions import LockError
from redis.lock import Lock

from domain.errors import Transient
from domain.wakeup import BROKER_NAMESPACE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

log = structlog.get_logger()

LIVES_S = 30.0
"""How long a lock lives that nobody releases."""

WAITS_S_MAX = 10.0
"""Longest wait for a lock that somebody else holds."""

HELD_S_MAX = 60.0
"""Longest that a lock may be held, however often it is renewed."""

LOOKS_EVERY_S = 0.05
"""How often a lock that is held is looked at again."""

OWNER_ENDS = b" "
"""What stands in a lock between the name of its owner and what only the owner knows."""

_TAKE = """
    local taken = {}
    for number, key in ipairs(KEYS) do
        if redis.call('set', key, ARGV[1], 'NX', 'PX', ARGV[2]) then
            taken[#taken + 1] = number
        end
    end
    return taken
"""
_RELEASE = """
    for number, key in ipairs(KEYS) do
        if redis.call('get', key) == ARGV[number] then
            redis.call('del', key)
        end
    end
"""
_FREE = """
    local token = redis.call('get', KEYS[1])
    if token and token:sub(1, #ARGV[1]) == ARGV[1] then
        return redis.call('del', KEYS[1])
    end
    return 0
"""
"""Many locks in one message. As one lock of the library: a key is set if it is not there, to what
only its owner knows, and deleted only while it still says that."""


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

    def let_go(self) -> Lock | None:
        """Return the lock for somebody else to release; None where there is none any more."""
        lock, self._lock = self._lock, None
        return lock

    def release(self) -> None:
        """Release the lock if it is still ours; one that has run out may be another's by now."""
        lock = self.let_go()
        if lock is None:
            return
        try:
            lock.release()
        except (LockError, redis.RedisError) as error:
            log.info("lock.lost", error_class=type(error).__name__)


class Locks:
    """Locks by name, of one Redis. Each says who `owner` is, so that others free it if he dies."""

    def __init__(
        self,
        client: redis.Redis,
        *,
        owner: str = "",
        lives_s: float = LIVES_S,
        held_s_max: float = HELD_S_MAX,
    ) -> None:
        self._client = client
        self._owner = owner.encode() + OWNER_ENDS
        self._lives_s = lives_s
        self._held_s_max = held_s_max
        self._take = client.register_script(_TAKE)
        self._release = client.register_script(_RELEASE)
        self._free = client.register_script(_FREE)

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

    def take(self, names: Sequence[str]) -> dict[str, Held]:
        """Take those locks that nobody holds; whoever gets them releases them.

        When Redis is away all are given, and none is real.
        """
        locks = [self._lock(name) for name in names]
        token = self._token()
        try:
            keys, lives_ms = [lock.name for lock in locks], int(self._lives_s * 1000)
            taken = set(self._take(keys=keys, args=[token, lives_ms])) if names else set()
        except redis.RedisError as error:
            log.warning("lock.silent", error_class=type(error).__name__)
            return {name: Held(None, held_s_max=self._held_s_max) for name in names}
        found: dict[str, Held] = {}
        for number, (name, lock) in enumerate(zip(names, locks, strict=True), start=1):
            if number in taken:
                lock.local.token = token
                found[name] = Held(lock, held_s_max=self._held_s_max)
        return found

    def release(self, held: Iterable[Held]) -> None:
        """Release those locks that are still ours."""
        locks = [lock for each in held if (lock := each.let_go()) is not None]
        if not locks:
            return
        try:
            keys, tokens = [lock.name for lock in locks], [lock.local.token for lock in locks]
            self._release(keys=keys, args=tokens)
        except redis.RedisError as error:
            log.info("lock.lost", error_class=type(error).__name__)

    def owner_of(self, name: str) -> str:
        """Return who holds the lock; "" where nobody does, or nobody knows."""
        try:
            token = self._client.get(_key(name))
        except redis.RedisError:
            return ""
        owner, ends, _ = token.rpartition(OWNER_ENDS) if isinstance(token, bytes) else (b"", b"", 0)
        return owner.decode(errors="replace") if ends else ""

    def free(self, name: str, *, owner: str) -> bool:
        """Release the lock if he holds it, who has died; say whether it was."""
        with contextlib.suppress(redis.RedisError):
            return bool(self._free(keys=[_key(name)], args=[owner.encode() + OWNER_ENDS]))
        return False

    def _token(self) -> bytes:
        return self._owner + uuid.uuid4().hex.encode()

    def _lock(self, name: str, *, waits_s: float = 0.0) -> Lock:
        return Lock(
            self._client,
            _key(name),
            timeout=self._lives_s,
            sleep=LOOKS_EVERY_S,
            blocking_timeout=waits_s,
            thread_local=False,  # what one thread has taken another may release
        )

    def _acquire(self, name: str, waits_s: float) -> Lock | None:
        lock = self._lock(name, waits_s=waits_s)
        try:
            is_ours = lock.acquire(token=self._token().decode())
        except redis.RedisError as error:
            log.warning("lock.silent", error_class=type(error).__name__)
            return None
        if not is_ours:
            raise LockBusy(f"somebody else holds {name}")
        return lock


def _key(name: str) -> str:
    return f"{BROKER_NAMESPACE}:lock:{name}"
