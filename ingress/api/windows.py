"""Windows that slide: a request is counted, and told how it stands, in one question to Redis.

The library asks twice, first to count and then to tell. Here both its scripts run as one.
"""

from __future__ import annotations

import contextlib
import time
from collections import deque
from typing import TYPE_CHECKING, NamedTuple, Protocol

from limits.aio.storage.redis.bridge import RedisBridge
from redis.asyncio import Redis

if TYPE_CHECKING:
    from limits import RateLimitItem
    from redis.asyncio import ConnectionPool

WINDOWS_MAX = 10_000
"""Windows remembered in a process; there are far fewer clients. The oldest makes room."""


class Hit(NamedTuple):
    """What became of a request that was to be counted, and how the window is afterwards.

    `reset_at_s` is when the oldest request leaves the window, `at_s` when this one came (seconds
    since the epoch).
    """

    is_within: bool
    remaining: int
    reset_at_s: float
    at_s: float


class Windows(Protocol):
    """Counts requests."""

    async def hit(self, item: RateLimitItem, who: str) -> Hit:
        """Count one request unless it is one too many."""

    async def give_back(self, item: RateLimitItem, who: str, at_s: float) -> None:
        """Count the request that came then no more."""


class OwnWindows:
    """Counted in this process alone."""

    def __init__(self) -> None:
        self._windows: dict[str, deque[float]] = {}

    async def hit(self, item: RateLimitItem, who: str) -> Hit:
        """Count one request unless it is one too many."""
        now_s = time.time()
        window = self._window(item, who, now_s)
        is_within = len(window) < item.amount
        if is_within:
            window.append(now_s)
        reset_at_s = window[0] + item.get_expiry()
        return Hit(is_within, item.amount - len(window), reset_at_s, now_s)

    def note(self, item: RateLimitItem, who: str, at_s: float) -> None:
        """Count a request that was counted elsewhere, so that the count goes on here."""
        self._window(item, who, at_s).append(at_s)

    async def give_back(self, item: RateLimitItem, who: str, at_s: float) -> None:
        """Count the request that came then no more."""
        with contextlib.suppress(ValueError):
            self._window(item, who, time.time()).remove(at_s)

    def _window(self, item: RateLimitItem, who: str, now_s: float) -> deque[float]:
        """Return the requests that still count, oldest first."""
        key = item.key_for(who)
        if key not in self._windows and len(self._windows) >= WINDOWS_MAX:
            del self._windows[next(iter(self._windows))]
        window = self._windows.setdefault(key, deque(maxlen=item.amount))
        while window and window[0] <= now_s - item.get_expiry():
            window.popleft()
        return window


_SCRIPT = f"""
local function acquire(KEYS, ARGV)
{RedisBridge.SCRIPT_ACQUIRE_MOVING_WINDOW.decode()}
end
local function window(KEYS, ARGV)
{RedisBridge.SCRIPT_MOVING_WINDOW.decode()}
end
local is_within = acquire(KEYS, ARGV)
local found = window(KEYS, {{ARGV[5], ARGV[2]}})
return {{is_within and 1 or 0, found or false}}
"""
"""The library's own scripts, unchanged. ARGV: now, limit, period, 1, begin of the window."""

_GIVE_BACK = "return redis.call('lrem', KEYS[1], 1, tonumber(ARGV[1]))"
"""The number is written by whoever wrote it when it was counted, so the two are equal."""


class SharedWindows:
    """Counted in Redis, under the library's own keys. Raises what the client of Redis raises."""

    def __init__(self, pool: ConnectionPool, *, key_prefix: str) -> None:
        self._prefix = key_prefix
        client = Redis(connection_pool=pool)
        self._script = client.register_script(_SCRIPT)
        self._give_back = client.register_script(_GIVE_BACK)

    async def hit(self, item: RateLimitItem, who: str) -> Hit:
        """Count one request unless it is one too many."""
        now_s, period_s = time.time(), item.get_expiry()
        arguments = [now_s, item.amount, period_s, 1, now_s - period_s]
        is_within, found = await self._script([self._key(item, who)], arguments)
        oldest_at_s, count = (float(found[0]), int(found[1])) if found else (now_s, 0)
        return Hit(bool(is_within), item.amount - count, oldest_at_s + period_s, now_s)

    async def give_back(self, item: RateLimitItem, who: str, at_s: float) -> None:
        """Count the request that came then no more."""
        await self._give_back([self._key(item, who)], [at_s])

    def _key(self, item: RateLimitItem, who: str) -> str:
        return f"{self._prefix}:{item.key_for(who)}"
