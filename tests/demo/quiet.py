"""Waiting for quiet: until nothing is owed any more, and no longer than that is reasonable."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tests.demo.errors import NotQuiet

if TYPE_CHECKING:
    from collections.abc import Callable

    from psycopg import Connection

    from tests.local.supervisor import Supervisor

QUIET_S_MAX = 60.0
"""Longest wait; what a killed worker held is rung for again within some seconds."""

POLL_S = 0.1

_OWED = """
    SELECT (SELECT count(*) FROM inbound_work), (SELECT count(*) FROM claims)
"""
_UNKNOWN = """
    SELECT count(*) FROM dead_letters
    WHERE status IN ('open', 'replaying') AND reference = ANY(%s)
"""


def until_nothing_is_owed(
    connection: Connection,
    supervisor: Supervisor,
    *,
    on_change: Callable[[int], None] = lambda _: None,
) -> float:
    """Return once there is neither work nor a claim, and say how long it took (s).

    Raises NotQuiet after `QUIET_S_MAX`, ProcessFailed when a process cannot be kept running.
    """
    began_s = time.monotonic()
    while True:
        supervisor.check()
        work, claims = _counts(connection)
        on_change(work)
        if not work and not claims:
            return time.monotonic() - began_s
        _require_patience(began_s, f"{work} events and {claims} claims are unfinished")


def until_healed(connection: Connection, supervisor: Supervisor, references: list[str]) -> None:
    """Return once no dead letter of these payments is open; raises as above."""
    began_s = time.monotonic()
    while True:
        supervisor.check()
        row = connection.execute(_UNKNOWN, [references]).fetchone()
        count = row[0] if row else 0
        if not count:
            return
        _require_patience(began_s, f"{count} dead letters of announced payments are open")


def _require_patience(began_s: float, what: str) -> None:
    if time.monotonic() - began_s > QUIET_S_MAX:
        raise NotQuiet(f"Not quiet after {QUIET_S_MAX:.0f} s: {what}. See the logs in .data/log.")
    time.sleep(POLL_S)


def _counts(connection: Connection) -> tuple[int, int]:
    row = connection.execute(_OWED).fetchone()
    assert row is not None
    return row[0], row[1]
