"""Waiting for quiet: until nothing is owed any more, and no longer than that is reasonable."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from psycopg.rows import dict_row

from tests.demo.errors import NotQuiet

if TYPE_CHECKING:
    from collections.abc import Callable

    from psycopg import Connection

    from tests.local.supervisor import Supervisor

QUIET_S_MAX = 60.0
"""Longest wait; what a killed worker held is rung for again within some seconds."""

POLL_S = 0.1

_OWED = """
    SELECT (SELECT count(*) FROM inbound_work) AS "events without an end",
           (SELECT count(*) FROM claims) AS claims,
           (SELECT count(*) FROM provider_calls WHERE ended_at IS NULL) AS "live calls",
           (SELECT count(*) FROM refunds WHERE settled_at IS NULL) AS "open refunds"
"""
_UNKNOWN = """
    SELECT count(*) FROM dead_letters
    WHERE status IN ('open', 'replaying') AND reference = ANY(%s)
"""


def until_nothing_is_owed(
    connection: Connection,
    supervisor: Supervisor,
    *,
    is_told: Callable[[], bool] = lambda: True,
) -> float:
    """Return once there is no work, claim, call or refund that waits, and say how long it took (s).

    `is_told` says whether all that a provider has to tell has been delivered.
    Raises NotQuiet after `QUIET_S_MAX`, ProcessFailed when a process cannot be kept running.
    """
    began_s = time.monotonic()
    while True:
        supervisor.check()
        # In this order: what was delivered is in the counts.
        is_told_now = is_told()
        owed = _owed(connection)
        if is_told_now and not owed:
            return time.monotonic() - began_s
        _require_patience(began_s, owed or "webhooks are on their way")


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


def _owed(connection: Connection) -> str:
    """Return what is owed, in words; nothing when it is quiet."""
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(_OWED).fetchone()
    assert row is not None  # a row of counts is always there
    return ", ".join(f"{count} {name}" for name, count in row.items() if count)
