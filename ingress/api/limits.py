"""Limits: how often a client may ask, over a window that slides.

They are counted in Redis, for all processes. While Redis is away each process counts for itself:
nobody is refused for that, and nobody gets in without being counted.
"""

from __future__ import annotations

import asyncio
import functools
import time
from typing import TYPE_CHECKING, NamedTuple

import structlog
from limits import RateLimitItemPerSecond
from redis.asyncio import BlockingConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from domain import rates
from domain.rates import Rate
from ingress.api.errors import LimitExceeded
from ingress.api.windows import OwnWindows, SharedWindows
from ingress.failures import Failures

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ingress.api.operation import Client, Limit
    from ingress.api.windows import Windows

    Headers = list[tuple[bytes, bytes]]

KEY_PREFIX = "{payratchet-limits}"
"""Prefix of every key; it is not the broker's, whose keys may be thrown away."""

REDIS_S_MAX = 0.25
"""Seconds that a request waits for Redis before it is counted here."""

PAUSE_S = 2.0
"""Seconds for which a Redis that was away is not asked again."""

REDIS_CONNECTIONS_MAX = 32
"""Connections of one process."""

UNAUTHENTICATED = Rate(60, 60)
"""How often an address may ask without a valid key; then it is told to stay away."""

_ANONYMOUS = "anonymous"

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()


class _Standing(NamedTuple):
    """How a caller stands after a request that was counted, or was one too many."""

    name: str
    rate: Rate
    is_within: bool
    remaining: int
    reset_s: int

    @property
    def policy(self) -> str:
        """Return the value of `RateLimit-Policy`."""
        return f'"{self.name}";q={self.rate.requests};w={self.rate.period_s}'

    @property
    def state(self) -> str:
        """Return the value of `RateLimit`."""
        return f'"{self.name}";r={self.remaining};t={self.reset_s}'


class Limits:
    """Counts requests. `is_degraded` while it counts without Redis."""

    def __init__(self, redis_url: str, defaults: Mapping[Limit, Rate]) -> None:
        self._defaults = dict(defaults)
        self._redis_url = redis_url
        self._pool: BlockingConnectionPool | None = None
        self._shared: SharedWindows | None = None
        self._own = OwnWindows()
        self._own_failures = Failures(failures_max=UNAUTHENTICATED.requests)
        self._ask_again_at_s = 0.0
        self.is_degraded = False

    def start(self) -> None:
        """Make ready to count in Redis; nothing is connected before the first request."""
        self._pool = BlockingConnectionPool.from_url(
            self._redis_url,
            max_connections=REDIS_CONNECTIONS_MAX,
            timeout=REDIS_S_MAX,
            socket_timeout=REDIS_S_MAX,
            socket_connect_timeout=REDIS_S_MAX,
            retry=Retry(NoBackoff(), 0),
        )
        self._shared = SharedWindows(self._pool, key_prefix=KEY_PREFIX)

    async def stop(self) -> None:
        """Let go of Redis."""
        if self._pool is not None:
            await self._pool.disconnect()

    async def take(self, limit: Limit, client: Client) -> Headers:
        """Count one request of the client; return the headers that tell how it stands.

        Raises LimitExceeded, and counts nothing, when it is one too many.
        """
        own = client.initialize_limit if limit == "initialize" else client.verify_limit
        rate = _rate(own) or self._defaults[limit]
        standing = await self._count(limit, client.id, rate)
        if not standing.is_within:
            raise _exceeded(standing, f"at most {rate.requests} in {rate.period_s} s")
        return [
            (b"ratelimit-policy", standing.policy.encode()),
            (b"ratelimit", standing.state.encode()),
        ]

    async def take_unauthenticated(self, address: str) -> None:
        """Count one request without a valid key. Raises LimitExceeded for one too many."""
        standing = await self._count_failure(address)
        if not standing.is_within:
            raise _exceeded(standing, "too many requests of this address had no valid key")

    async def _count(self, name: str, who: str, rate: Rate) -> _Standing:
        standing = await self._count_shared(name, who, rate)
        return standing or await _hit(self._own, name, who, rate)

    async def _count_failure(self, address: str) -> _Standing:
        """Without Redis addresses are counted by what cannot be filled up by many of them."""
        standing = await self._count_shared(_ANONYMOUS, address, UNAUTHENTICATED)
        if standing is not None:
            return standing
        away_s = self._own_failures.note(address, now_s=time.monotonic())
        return _Standing(_ANONYMOUS, UNAUTHENTICATED, not away_s, 0, away_s)

    async def _count_shared(self, name: str, who: str, rate: Rate) -> _Standing | None:
        """Return how it stands in Redis; None while that is away."""
        now_s = time.monotonic()
        if self._shared is None or now_s < self._ask_again_at_s:
            return None
        if self.is_degraded:
            # Whoever comes first tries; all others go on without waiting for what that comes to.
            self._ask_again_at_s = now_s + PAUSE_S
        try:
            async with asyncio.timeout(REDIS_S_MAX):
                standing = await _hit(self._shared, name, who, rate)
        except (RedisError, OSError, TimeoutError) as error:
            self._note_away(error)
            return None
        self._note_there()
        return standing

    def _note_away(self, error: Exception) -> None:
        self._ask_again_at_s = time.monotonic() + PAUSE_S
        if not self.is_degraded:
            log.warning("limits.degraded", error_class=type(error).__name__)
        self.is_degraded = True

    def _note_there(self) -> None:
        self._ask_again_at_s = 0.0
        if self.is_degraded:
            log.info("limits.restored")
        self.is_degraded = False


async def _hit(windows: Windows, name: str, who: str, rate: Rate) -> _Standing:
    hit = await windows.hit(
        RateLimitItemPerSecond(rate.requests, rate.period_s, namespace=name), who
    )
    reset_s = min(rate.period_s, max(1, round(hit.reset_at_s - time.time() + 0.5)))
    return _Standing(name, rate, hit.is_within, max(0, hit.remaining), reset_s)


def _exceeded(standing: _Standing, reason: str) -> LimitExceeded:
    return LimitExceeded(
        reason,
        retry_after_s=standing.reset_s,
        policy=standing.policy,
        standing=standing.state,
    )


@functools.lru_cache(maxsize=1_024)
def _rate(text: str | None) -> Rate | None:
    """Return a client's own rate. One that cannot be read is none: the default is the safer."""
    try:
        return None if text is None else rates.parse(text)
    except ValueError:
        return None
