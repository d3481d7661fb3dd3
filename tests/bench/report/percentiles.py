"""Figures of latency: which stage, which percentile, at which rate, read from their names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

STAGES = {"ack": "request to 200", "applied": "200 to applied"}

_NAME = re.compile(r"(ack|applied)_p(\d{2,})_ms_at_(\d+)")


@dataclass(frozen=True, slots=True)
class Point:
    """One percentile of one stage at one rate, in milliseconds."""

    stage: str
    percentile: float
    rate_per_s: int
    told: Mapping[str, Any]

    @property
    def label(self) -> str:
        """Return `p99.9`."""
        return f"p{self.percentile:g}"


def points(figures: Mapping[str, Mapping[str, Any]]) -> dict[str, Point]:
    """Return those of the figures that are a percentile, by their names."""
    return {
        name: Point(found[1], _percentile(found[2]), int(found[3]), told)
        for name, told in figures.items()
        if (found := _NAME.fullmatch(name))
    }


def _percentile(digits: str) -> float:
    """Return 99.9 for 999: after two digits comes the fraction."""
    return float(f"{digits[:2]}.{digits[2:] or 0}")
