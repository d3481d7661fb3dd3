"""Windows that slide: a request is counted, and told how it stands, in one question to Redis.

The library asks twice, first to count and then to tell. Here both its scripts run as one.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple, Protocol

from limits.aio.storage import MemoryStorage
from limits.aio.storage.redis.bridge import RedisBridge
from limits.aio.strategies import MovingWindowRateLimiter
from redis.asyncio import Redis

if TYPE_CHECKING:
    from limits import RateLimitItem
    from redis.asyncio import ConnectionPool


class Hit(NamedTuple):
    """What became of a request that was to be counted, and how the window is afterwards.

    `reset_at_s` is when the oldest request leaves the window (seconds since the epoch).
    """

    is_within: bool
    remaining: int
    reset_at_s: float


class Windows(Protocol):
    """Counts requests."""

    async def hit(self, item: RateLimitItem, who: str) -> Hit:
        """Count one request unless it is one too many."""


class OwnWindows:
    """Counted in this process alone."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    async def hit(self, item: RateLimitItem, who: str) -> Hit:
        """Count one request unless it is one too many."""
        is_within = await self._limiter.hit(item, who)
        window = await self._limiter.get_window_stats(item, who)
        return Hit(is_within, window.remaining, window.reset_time)


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


class SharedWindows:
    """Counted in Redis, under the library's own keys. Raises what the client of Redis raises."""

    def __init__(self, pool: ConnectionPool, *, key_prefix: str) -> None:
        self._prefix = key_prefix
        self._script = Redis(connection_pool=pool).register_script(_SCRIPT)

    async def hit(self, item: RateLimitItem, who: str) -> Hit:
        """Count one request unless it is one too many."""
        now_s, period_s = time.time(), item.get_expiry()
        key = f"{self._prefix}:{item.key_for(who)}"
        arguments = [now_s, item.amount, period_s, 1, now_s - period_s]
        is_within, found = await self._script([key], arguments)
        oldest_at_s, count = (float(found[0]), int(found[1])) if found else (now_s, 0)
        return Hit(bool(is_within), item.amount - count, oldest_at_s + period_s)
