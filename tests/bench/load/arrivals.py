"""Arrivals: when each request is meant to be sent, whatever became of those before it."""

from __future__ import annotations

import random
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def poisson(seed: str, rate_per_s: float, count: int) -> list[float]:
    """Return so many moments, in seconds from the start, with exponential gaps between them."""
    # Not for secrets: the same seed must give the same arrivals.
    draw = random.Random(seed)
    return list(accumulate(draw.expovariate(rate_per_s) for _ in range(count)))


def merged(sources: Sequence[Sequence[float]]) -> list[tuple[float, int]]:
    """Return all moments in order, each with the place of its source."""
    return sorted((at_s, place) for place, each in enumerate(sources) for at_s in each)
