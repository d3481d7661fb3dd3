"""Rates: how often a client may ask, as people write it: `5/minute`, `1000/second`."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

PERIODS_S: Mapping[str, int] = MappingProxyType(
    {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400}
)

REQUESTS_MAX = 100_000
"""Requests of one period: as many as are remembered of a client, one by one."""

_RATE = re.compile(r"(?P<requests>[1-9][0-9]{0,5})/(?P<period>second|minute|hour|day)")


class Rate(NamedTuple):
    """At most `requests` in any `period_s` seconds."""

    requests: int
    period_s: int


def parse(text: str) -> Rate:
    """Read a rate. Raises ValueError, with a sentence for a person, when it is none."""
    match = _RATE.fullmatch(text)
    if match is None or int(match["requests"]) > REQUESTS_MAX:
        msg = f"a rate is written as 5/minute, per {', '.join(PERIODS_S)}, up to {REQUESTS_MAX}"
        raise ValueError(msg)
    return Rate(int(match["requests"]), PERIODS_S[match["period"]])
