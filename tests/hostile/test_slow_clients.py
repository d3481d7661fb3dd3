"""All slow clients at once, because each takes the whole time that is borne."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from tests.hostile.ground import running
from tests.hostile.slow_clients import (
    SLOW,
    Slow,
    delivering,
    idle_served_s,
    percentile,
    served_s,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.hostile.slow_clients import Good

COPIES = 10
"""Clients of each kind."""

BORNE_S_MAX = 10.0
"""Seconds after which whoever is slow is sent away."""

IDLE_CLIENTS = 1_000
"""Clients that connect and say nothing."""

ACCEPTED_S_MAX = 2.0
"""Seconds in which a busy machine takes up a thousand connections."""

ALONE_S = 3.0
"""Seconds of good deliveries by themselves."""

RATIO_MAX = 3.0
FLOOR_S = 0.1
"""A good delivery beside slow clients takes three times what it takes by itself, or so long that
nobody minds: which of both is more. A machine with other things to do makes some of them late."""


def test_whoever_is_slow_is_sent_away_and_keeps_nobody_waiting(
    database_url: str, redis_url: str, tmp_path: Path
) -> None:
    clients = [slow for slow in SLOW for _ in range(COPIES)]
    with running(database_url, redis_url, tmp_path / "log") as ground:

        def play(slow: Slow) -> tuple[str, float]:
            return slow.name, served_s(ground.port, slow)

        with delivering(ground.port, 0) as alone:
            time.sleep(ALONE_S)
        with delivering(ground.port, 100_000) as beside, ThreadPoolExecutor(len(clients)) as pool:
            served = list(pool.map(play, clients))

    assert {name: took_s for name, took_s in served if took_s > BORNE_S_MAX} == {}
    require_quick(alone, beside)


def test_a_thousand_who_say_nothing_are_sent_away_and_keep_nobody_waiting(
    database_url: str, redis_url: str, tmp_path: Path
) -> None:
    with running(database_url, redis_url, tmp_path / "log") as ground:
        with delivering(ground.port, 0) as alone:
            time.sleep(ALONE_S)
        with delivering(ground.port, 100_000) as beside:
            served_s = idle_served_s(ground.port, IDLE_CLIENTS)

    assert max(served_s) <= BORNE_S_MAX + ACCEPTED_S_MAX
    require_quick(alone, beside)


def require_quick(alone: Good, beside: Good) -> None:
    """Good deliveries are all answered, and beside slow clients hardly later than alone."""
    assert (alone.refused, beside.refused) == ([], [])
    limit_s = max(FLOOR_S, RATIO_MAX * percentile(alone.took_s, 0.99))
    assert percentile(beside.took_s, 0.99) <= limit_s
