"""Limits: how often a client may ask, over a window that slides.

They are counted in Redis, for all processes. While Redis is away each process counts for itself:
nobody is refused for that, and nobody gets in without being counted.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import structlog
from redis.asyncio import ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from domain.rates import Rate
from ingress.api import standings
from ingress.api.shared_windows import SharedWindows
from ingress.api.standings import Charge, Standing, exceeded, rate_of
from ingress.api.unwelcome import Unwelcome
from ingress.api.windows import OwnWindows, Window
from ingress.failures import Failures

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ingress.api.operation import Client, Limit

KEY_PREFIX = "{payratchet-limits}"
"""Prefix of every key; it is not the broker's, whose keys may be thrown away."""

REDIS_S_MAX = 0.25
"""Seconds for a trip to Redis; who waits for one that fails is counted here."""

PAUSE_S = 2.0
"""Seconds for which a Redis that was away is not asked again."""

UNAUTHENTICATED = Rate(60, 60)
"""How often an address may ask without a valid key; then it is told to stay away."""

_ANONYMOUS = "anonymous"
_NO_KEYS = "too many requests of this address had no valid key"

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()


class Limits:
    """Counts requests. `is_degraded` while it counts without Redis."""

    def __init__(self, redis_url: str, defaults: Mapping[Limit, Rate]) -> None:
        self._defaults = dict(defaults)
        self._redis_url = redis_url
        self._shared: SharedWindows | None = None
        self._own = OwnWindows()
        self._own_failures = Failures(failures_max=UNAUTHENTICATED.requests)
        self._unwelcome = Unwelcome()
        self._ask_again_at_s = 0.0
        self.is_degraded = False

    def start(self) -> None:
        """Make ready to count in Redis; nothing is connected before the first request."""
        pool = ConnectionPool.from_url(
            self._redis_url, socket_connect_timeout=REDIS_S_MAX, retry=Retry(NoBackoff(), 0)
        )
        self._shared = SharedWindows(pool, key_prefix=KEY_PREFIX, trip_s_max=REDIS_S_MAX)

    async def stop(self) -> None:
        """Let go of Redis."""
        if self._shared is not None:
            await self._shared.close()

    async def take(self, limit: Limit, client: Client) -> Charge:
        """Count one request of the client; return what tells how it stands.

        Raises LimitExceeded, and counts nothing, when it is one too many.
        """
        own = client.initialize_limit if limit == "initialize" else client.verify_limit
        rate = rate_of(own) or self._defaults[limit]
        standing = await self._count(limit, client.id, rate)
        if not standing.is_within:
            raise exceeded(standing, f"at most {rate.requests} in {rate.period_s} s")
        return Charge(client.id, standing)

    async def give_back(self, charge: Charge) -> None:
        """Count the request no more: it was answered before."""
        name, rate, at_s = charge.standing.name, charge.standing.rate, charge.standing.at_s
        window = Window(name, rate, charge.who)
        await self._own.give_back(window, at_s)
        if self._shared is None or self.is_degraded:
            return
        try:
            await self._shared.give_back(window, at_s)
        except (RedisError, OSError, TimeoutError) as error:
            self._note_away(error)

    async def take_unauthenticated(self, address: str) -> None:
        """Count one request without a valid key. Raises LimitExceeded for one too many."""
        standing = await self._count_failure(address)
        if not standing.is_within:
            self._unwelcome.note(address, standing.reset_s)
            raise exceeded(standing, _NO_KEYS)

    def require_welcome(self, address: str) -> None:
        """Raise LimitExceeded, without asking anybody, for an address that is over its limit.

        Now and then one of its requests is let through: its key might be a new one.
        """
        away_s = self._unwelcome.away_s(address)
        if away_s:
            raise exceeded(_anonymous(away_s), _NO_KEYS)

    async def _count(self, name: str, who: str, rate: Rate) -> Standing:
        """Count in Redis, and here, where the count goes on when that is away."""
        window = Window(name, rate, who)
        standing = await self._count_shared(window)
        if standing is None:
            return await standings.hit(self._own, window)
        if standing.is_within:
            self._own.note(window, standing.at_s)
        return standing

    async def _count_failure(self, address: str) -> Standing:
        """Without Redis addresses are counted by what cannot be filled up by many of them."""
        standing = await self._count_shared(Window(_ANONYMOUS, UNAUTHENTICATED, address))
        away_s = self._own_failures.note(address, now_s=time.monotonic())
        return standing or _anonymous(away_s)

    async def _count_shared(self, window: Window) -> Standing | None:
        """Return how it stands in Redis; None while that is away."""
        now_s = time.monotonic()
        if self._shared is None or now_s < self._ask_again_at_s:
            return None
        if self.is_degraded:
            # Whoever comes first tries; all others go on without waiting for what that comes to.
            self._ask_again_at_s = now_s + PAUSE_S
        try:
            standing = await standings.hit(self._shared, window)
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


def _anonymous(away_s: int) -> Standing:
    return Standing(_ANONYMOUS, UNAUTHENTICATED, not away_s, 0, away_s)
