"""The figures: recovery after the strikes that stood alone, and the bounds on them."""

from __future__ import annotations

from functools import partial
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.chaos.options import MINUTES
from tests.chaos.watching import recovery
from tests.chaos.watching.recovery import Blow, Bound, at_least, at_most

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.chaos.options import Options
    from tests.chaos.run import Run
    from tests.chaos.watching.recovery import Outage

WORKER, POSTGRES, VALKEY = "kill_worker", "postgres_killed", "valkey_down"
DIGITS = 3


class Figures(NamedTuple):
    """What scripts read as `recovery_s`, and the bounds."""

    recovery_s: dict[str, Any]
    bounds: list[Bound]


def measured(run: Run) -> Figures:
    """Measure every strike of the three kinds; bounds are on those that stood alone."""
    looks, history = run.watcher.looks, run.history
    workers = [(b, recovery.worker_kill_s(b, looks)) for b in _blows(run, WORKER)]
    stores = [(b, recovery.postgres_kill_s(b, history)) for b in _blows(run, POSTGRES)]
    outages = [recovery.valkey_down(b, history) for b in _blows(run, VALKEY) if b.alone]
    away = [outage for outage in outages if outage is not None]
    settled = run.settled
    outage = {
        "acked_share": min((each.acked_share for each in away), default=None),
        "p99_ms": max((round(each.p99_ms, 1) for each in away), default=None),
        "tries": sum(each.tries for each in away),
        "strikes": len(away),
    }
    recovery_s = {
        "worker_kill": _told(workers),
        "postgres_kill": _told(stores),
        "valkey_down": outage,
        "settled": _rounded(settled.events_s),
        "settled_answers": _rounded(settled.sent_s),
        "settled_calls": _rounded(settled.calls_s),
    }
    bounds = [
        *_bounds(_alone(workers), _alone(stores), away, strikes_min=_strikes_min(run.options)),
        at_most(
            "settled after the last fault, s",
            [settled.events_s],
            recovery.SETTLED_S_MAX,
            strikes_min=1,
        ),
    ]
    return Figures(recovery_s, bounds)


def _bounds(
    workers: Sequence[float | None],
    stores: Sequence[float | None],
    away: Sequence[Outage],
    *,
    strikes_min: int,
) -> list[Bound]:
    most, least = (
        partial(at_most, strikes_min=strikes_min),
        partial(at_least, strikes_min=strikes_min),
    )
    shares, p99s_ms = [each.acked_share for each in away], [each.p99_ms for each in away]
    return [
        most("worker kill: applied again, s", workers, recovery.WORKER_KILL_S_MAX),
        most("postgres kill: next 200, s", stores, recovery.POSTGRES_KILL_S_MAX),
        least("acked while valkey is dead, share", shares, recovery.VALKEY_ACKED_SHARE_MIN),
        most("ack p99 while valkey is dead, ms", p99s_ms, recovery.VALKEY_P99_MS_MAX),
    ]


def _strikes_min(options: Options) -> int:
    """Return how often each bound must have been measured: where everything may strike, once."""
    is_whole = options.minutes >= MINUTES and not options.faults and not options.bugs
    return 1 if is_whole else 0


def _blows(run: Run, kind: str) -> list[Blow]:
    return [
        Blow(
            each.began_monotonic_s,
            each.hit_monotonic_s or each.began_monotonic_s,
            each.ended_monotonic_s or run.healed_s,
            each.strike.alone,
        )
        for each in run.nemesis.struck
        if each.strike.kind == kind and not each.missed
    ]


def _alone(measures: Sequence[tuple[Blow, float | None]]) -> list[float | None]:
    return [value for blow, value in measures if blow.alone]


def _told(measures: Sequence[tuple[Blow, float | None]]) -> dict[str, float | int | None]:
    alone = [value for value in _alone(measures) if value is not None]
    overlapped = [value for blow, value in measures if not blow.alone and value is not None]
    return {
        "worst": _rounded(max(alone, default=None)),
        "median": _rounded(median(alone) if alone else None),
        "strikes": len(alone),
        "worst_among_others": _rounded(max(overlapped, default=None)),
        "strikes_among_others": len(overlapped),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, DIGITS)
