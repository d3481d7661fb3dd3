"""Standings: how callers stand in their windows, and how that is told."""

from __future__ import annotations

import functools
import time
from typing import TYPE_CHECKING, NamedTuple

from domain import rates
from ingress.api.errors import LimitExceeded

if TYPE_CHECKING:
    from domain.rates import Rate
    from ingress.api.windows import Window, Windows

    Headers = list[tuple[bytes, bytes]]


class Standing(NamedTuple):
    """How a caller stands after a request that was counted, or was one too many.

    `at_s` is when it came (seconds since the epoch).
    """

    name: str
    rate: Rate
    is_within: bool
    remaining: int
    reset_s: int
    at_s: float = 0.0

    @property
    def policy(self) -> str:
        """Return the value of `RateLimit-Policy`."""
        return f'"{self.name}";q={self.rate.requests};w={self.rate.period_s}'

    @property
    def state(self) -> str:
        """Return the value of `RateLimit`."""
        return f'"{self.name}";r={self.remaining};t={self.reset_s}'


class Charge(NamedTuple):
    """A request that was counted, and who for."""

    who: str
    standing: Standing

    @property
    def headers(self) -> Headers:
        """Return what tells how the client stands."""
        return [
            (b"ratelimit-policy", self.standing.policy.encode()),
            (b"ratelimit", self.standing.state.encode()),
        ]


async def hit(windows: Windows, window: Window) -> Standing:
    """Count one request unless it is one too many."""
    found = await windows.hit(window)
    name, rate, _ = window
    reset_s = min(rate.period_s, max(1, round(found.reset_at_s - time.time() + 0.5)))
    return Standing(name, rate, found.is_within, max(0, found.remaining), reset_s, found.at_s)


def exceeded(standing: Standing, reason: str) -> LimitExceeded:
    """Return what is to be raised for a request that is one too many."""
    return LimitExceeded(
        reason,
        retry_after_s=standing.reset_s,
        policy=standing.policy,
        standing=standing.state,
    )


@functools.lru_cache(maxsize=1_024)
def rate_of(text: str | None) -> Rate | None:
    """Return a client's own rate. One that cannot be read is none: the default is the safer."""
    try:
        return None if text is None else rates.parse(text)
    except ValueError:
        return None
