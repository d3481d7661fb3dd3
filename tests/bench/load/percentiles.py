"""Percentiles of delays, by nearest rank: each is a delay that somebody had."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MS_PER_S = 1_000


@dataclass(frozen=True, slots=True)
class Percentiles:
    """How long it took, in milliseconds, and of how many that was read."""

    p50_ms: float
    p99_ms: float
    p999_ms: float
    samples: int


def of_seconds(delays_s: Iterable[float]) -> Percentiles:
    """Return the percentiles of delays; those of none are not a number."""
    ordered = sorted(delays_s)
    return Percentiles(
        nearest(ordered, 0.5) * MS_PER_S,
        nearest(ordered, 0.99) * MS_PER_S,
        nearest(ordered, 0.999) * MS_PER_S,
        len(ordered),
    )


def nearest(ordered: Sequence[float], share: float) -> float:
    """Return the smallest value that this share of all does not exceed."""
    if not ordered:
        return math.nan
    return ordered[max(0, math.ceil(len(ordered) * share) - 1)]
