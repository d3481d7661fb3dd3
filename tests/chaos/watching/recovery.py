"""Recovery: how long it took, by what was seen, until what a fault had broken was well again."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tests.chaos.seconds import percentile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.chaos.history import History
    from tests.chaos.watching.looks import Look

WORKER_KILL_S_MAX = 10.0
POSTGRES_KILL_S_MAX = 3.0
VALKEY_ACKED_SHARE_MIN = 0.999
VALKEY_P99_MS_MAX = 100.0
SETTLED_S_MAX = 30.0
"""What is promised."""

MS = 1_000.0


class Bound(NamedTuple):
    """A promise with a figure: what was measured, and whether it holds."""

    name: str
    value: float | None
    limit: float
    holds: bool
    strikes: int


class Blow(NamedTuple):
    """A strike that was measured: when it began, hit what it hit, and ended (monotonic)."""

    began_s: float
    hit_s: float
    ended_s: float
    alone: bool


class Outage(NamedTuple):
    """How webhooks went while Valkey was away."""

    tries: int
    acked_share: float
    p99_ms: float


def worker_kill_s(blow: Blow, looks: Sequence[Look]) -> float | None:
    """Return how long it took until all that was unfinished at the kill was tried to its end.

    None when nobody looked long enough to tell.
    """
    for look in looks:
        if look.at_s <= blow.hit_s:
            continue
        killed_wall_s = look.wall_s - (look.at_s - blow.began_s)
        if look.oldest_at_s is None or look.oldest_at_s > killed_wall_s:
            return look.at_s - blow.began_s
    return None


def postgres_kill_s(blow: Blow, history: History) -> float | None:
    """Return how long it took from the kill to the first 200 that was asked for after it."""
    first_s = history.first_ok_s(blow.hit_s)
    return None if first_s is None else first_s - blow.began_s


def valkey_down(blow: Blow, history: History) -> Outage | None:
    """Return how webhooks went that were meant for this time; None when there were none."""
    between = (blow.began_s, blow.ended_s)
    outcomes = history.outcomes(between)
    tries = sum(outcomes.values())
    if not tries:
        return None
    acked = history.latencies(between)
    return Outage(tries, len(acked) / tries, percentile(acked, 0.99) * MS)


def at_most(name: str, values: Sequence[float | None], limit: float, *, strikes_min: int) -> Bound:
    """Return the bound on the worst of the values. One that could not be told breaks it.

    So do fewer than `strikes_min`: a run may be too short for every kind of strike, a long one not.
    """
    known = [value for value in values if value is not None]
    worst = round(max(known), 3) if known else None
    is_told = len(known) == len(values) >= strikes_min
    holds = is_told and (worst is None or worst <= limit)
    return Bound(name, worst, limit, holds, len(values))


def at_least(name: str, values: Sequence[float], limit: float, *, strikes_min: int) -> Bound:
    """Return the bound on the least of the values; fewer than `strikes_min` break it."""
    least = round(min(values), 5) if values else None
    holds = len(values) >= strikes_min and (least is None or least >= limit)
    return Bound(name, least, limit, holds, len(values))
