"""The relay process: `python -m workers.relay`. Rings again, and keeps the house in order.

It holds nothing that could be lost: start two, or none for a while.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import dramatiq
import psycopg
import redis
import structlog

from workers import approving, logging, pulse, readiness, reconcile, scheduling, sweeps, watchdog
from workers.broker import make_broker
from workers.database import Database
from workers.performers import PERFORMERS
from workers.replaying.driving import ReplayThread
from workers.settings import RelaySettings, load
from workers.starting import require_fit, warn_of_eviction

if TYPE_CHECKING:
    from collections.abc import Callable

log = structlog.get_logger()

STORE_AWAY = (psycopg.OperationalError, redis.RedisError, dramatiq.BrokerConnectionError)

TICK_S = 0.25
"""How often the relay looks which sweep is due."""

STORE_AWAY_S = 2.0
"""After how long a sweep is run again that found a store away, where it is not due sooner."""

SWEEP_S_MAX = 120.0
HOUSE_S_MAX = 3_600.0
"""Longest that a sweep may take; the house has many rows to let go of, each in its own time."""

STOP_S_MAX = 5.0
"""How long the replay in hand may take to come to a stop; another relay takes it over anyway."""


@dataclass
class Sweep:
    """Something to do every so many seconds, and when it was last done (monotonic).

    `is_proven`: it has gone well.
    """

    name: str
    every_s: float
    run: Callable[[], object]
    last_s: float = float("-inf")
    longest_s: float = SWEEP_S_MAX
    is_proven: bool = False


def schedule(settings: RelaySettings, database: Database) -> list[Sweep]:
    """Return everything the relay does, and how often."""
    broker = make_broker(settings.redis_url)
    days, every_s = settings.event_retention_days, settings.reconcile_every_s
    return [
        Sweep("revive_crashed", 1.0, lambda: sweeps.revive_crashed(database)),
        Sweep("take_over_calls", 0.5, lambda: sweeps.take_over_calls(database)),
        Sweep("hurry_unheard", 2.0, lambda: sweeps.hurry_unheard(database, broker)),
        Sweep("ring_due", 0.5, lambda: sweeps.ring_due(database, broker)),
        Sweep("take_up_announced", 10.0, lambda: sweeps.take_up_announced(database)),
        Sweep("bury_overdue", 60.0, lambda: sweeps.bury_overdue(database)),
        Sweep("expire_approvals", 60.0, lambda: approving.expire_overdue(database, PERFORMERS)),
        Sweep("verify_due", 1.0, lambda: scheduling.verify_due(database, settings.schedule_s)),
        Sweep("reconcile_due", 30.0, lambda: reconcile.begin_due(database, every_s=every_s)),
        Sweep("take_sample", 15.0, lambda: sweeps.take_sample(database)),
        Sweep(
            "keep_house",
            600.0,
            lambda: sweeps.keep_house(database, retention_days=days),
            longest_s=HOUSE_S_MAX,
        ),
    ]


def run_due(sweeps_: list[Sweep], now_s: float) -> None:
    """Run every sweep whose time has come. One that fails is skipped, and keeps no other back."""
    for sweep in sweeps_:
        if now_s - sweep.last_s >= sweep.every_s:
            _run(sweep, now_s)


def _run(sweep: Sweep, now_s: float) -> None:
    sweep.last_s = now_s
    try:
        with pulse.at_work(sweep.longest_s):
            sweep.run()
        sweep.is_proven = True
    except STORE_AWAY as error:
        sweep.last_s = min(now_s, now_s - sweep.every_s + STORE_AWAY_S)
        log.warning("sweep.skipped", reason=sweep.name, error_class=type(error).__name__)
    except Exception as error:  # noqa: BLE001 - the other sweeps are somebody's money
        log.critical("sweep.failed", reason=sweep.name, error_class=type(error).__name__)


def _sweep(due: list[Sweep], stopping: threading.Event) -> None:
    """Sweep until told to stop; say so once every sweep has gone well."""
    is_ready = False
    while not stopping.wait(TICK_S):
        run_due(due, time.monotonic())
        if not is_ready and all(sweep.is_proven for sweep in due):
            is_ready = True
            readiness.tell()


def _stop(stopping: threading.Event) -> None:
    """Stop after the sweep in hand; one that has no end is left, and loses nothing by that."""
    if not stopping.is_set():
        stopping.set()
        watchdog.end_within(watchdog.STOP_S_MAX)


def main() -> int:
    """Sweep until SIGTERM or SIGINT."""
    logging.configure("relay")
    settings = load(RelaySettings)
    database = Database(settings.database_url, name="payratchet relay")
    require_fit(database, settings)
    warn_of_eviction(settings.redis_url)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: _stop(stopping))
    due = schedule(settings, database)
    replays = ReplayThread(
        Database(settings.database_url, name="payratchet replays", generic_plans=True)
    )
    replays.start()
    watching = watchdog.Watchdog(others=[replays])
    watching.start()
    log.info("relay.started")
    _sweep(due, stopping)
    watching.stop()
    replays.stop()
    replays.join(STOP_S_MAX)
    log.info("relay.stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
