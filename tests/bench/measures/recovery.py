"""Recovery: all workers are killed under a steady load, and started again at once."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tests.bench import checks
from tests.bench.errors import BenchFailed
from tests.bench.load import offer
from tests.bench.load.offer import Offer
from tests.bench.measures.scene import Scene, scene, target

if TYPE_CHECKING:
    from tests.bench.load.offer import Sending
    from tests.bench.load.sent import Sent
    from tests.bench.stage.processes import Processes
    from tests.bench.stage.run import Run

NAME = "recovery"
TAG = "steady"
RATE_PER_S = 300
BEFORE_S = 3.0
LOOKED_AT_S = 1.0
"""The last part of `BEFORE_S`, in which the usual backlog is read."""

FOR_S = 10
LOOK_S = 0.01
RECOVERED_S_MAX = 60.0

_LOOK = """
    SELECT (SELECT count(*) FROM inbound_work),
           (SELECT min(backend_start) FROM pg_stat_activity
            WHERE datname = current_database() AND application_name = 'payratchet worker'
              AND backend_start > %s)
"""
_FIRST = """
    SELECT min(at) FROM (SELECT pg_xact_commit_timestamp(xmin) AS at FROM payment_transitions) AS t
    WHERE at > %s
"""


@dataclass(frozen=True, slots=True)
class Recovery:
    """Seconds from the kill to the first event that a new worker applied, and to a usual backlog.

    `usual` and `worst` are how many events were owed at most, before and after the kill.
    """

    first_applied_s: float
    backlog_s: float
    usual: int
    worst: int


@dataclass(frozen=True, slots=True)
class _Look:
    at: datetime
    owed: int
    worker_since: datetime | None


def measure(run: Run, *, rate_per_s: int = RATE_PER_S, for_s: int = FOR_S) -> Recovery:
    """Kill the worker `BEFORE_S` after the load began, start another, and return how long it took.

    What the dead worker had in hand is given out again by the relay, and is checked with the rest.
    """
    with scene(run, NAME) as on, on.ours(("web", "relay")) as rest:
        numbers, requests = on.paid(rate_per_s * for_s)
        run.grounds.settle()
        offered = Offer(TAG, target(rest), requests, rate_per_s, len(numbers))
        out = run.folder / f"{NAME}.sent"
        with offer.sending([offered], seed=run.seed, out=out) as sender:
            found, sent = _interrupted(on, sender)
        checks.check(run, NAME, on.database_url, sent.of(TAG).acknowledged)
        return found


def _interrupted(on: Scene, sender: Sending) -> tuple[Recovery, Sent]:
    with on.ours(("worker",)) as first:
        sender.begin()
        time.sleep(BEFORE_S - LOOKED_AT_S)
        usual = max(look.owed for look in _looks_for(on, LOOKED_AT_S))
        killed_at = datetime.now(UTC)
        first.kill("worker")
    with on.ours(("worker",)) as second:
        looks = _looks_until_usual(on, second, killed_at, usual)
        first_at = _first_applied(on, looks[-1].worker_since)
        assert first_at is not None  # it was looked for until it was there
        # The load ends before the worker does, so that everything is applied at the end.
        sent = sender.finish()
        on.until_drained(second)
    found = Recovery(
        (first_at - killed_at).total_seconds(),
        (looks[-1].at - killed_at).total_seconds(),
        usual,
        max(look.owed for look in looks),
    )
    return found, sent


def _looks_for(on: Scene, seconds: float) -> list[_Look]:
    ends_s = time.monotonic() + seconds
    looks = [_look(on, datetime.now(UTC))]
    while time.monotonic() < ends_s:
        looks.append(_look(on, looks[0].at))
    return looks


def _looks_until_usual(on: Scene, new: Processes, killed_at: datetime, usual: int) -> list[_Look]:
    """Look until a new worker has applied something and no more is owed than before."""
    ends_s = time.monotonic() + RECOVERED_S_MAX
    looks = [_look(on, killed_at)]
    while looks[-1].owed > usual or not _first_applied(on, looks[-1].worker_since):
        new.check()
        if time.monotonic() > ends_s:
            raise BenchFailed(f"{looks[-1].owed} events were owed long after the kill.")
        looks.append(_look(on, killed_at))
    return looks


def _look(on: Scene, since: datetime) -> _Look:
    time.sleep(LOOK_S)
    row = on.connection.execute(_LOOK, (since,)).fetchone()
    assert row is not None  # two subqueries are always one row
    return _Look(datetime.now(UTC), *row)


def _first_applied(on: Scene, since: datetime | None) -> datetime | None:
    """Return when a worker whose first session is that old committed something, if it has.

    Its predecessor has not, so long after it was killed.
    """
    row = on.connection.execute(_FIRST, (since,)).fetchone()
    assert row is not None  # an aggregate is always one row
    found: datetime | None = row[0]
    return found
