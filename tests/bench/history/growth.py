"""Grow a database: make it look as if many payments had been made, heard of and applied."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING

import psycopg

from tests.bench.history import names, statements

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from concurrent.futures import Future

    Values = Mapping[str, int]
    Connection = psycopg.Connection

CHUNK_PAYMENTS = 100_000
"""Payments of one statement; the memory that a growth takes is that of a chunk."""

SETTINGS = {
    "session_replication_role": "replica",
    "synchronous_commit": "off",
    "work_mem": "64MB",
    "deadlock_timeout": "100ms",
}
"""Triggers and foreign keys are passed by; checks and unique constraints hold as ever. Nothing
waits for the disk before the checkpoint at the end, nor long for autovacuum to give way."""

VACUUM = "VACUUM (SKIP_LOCKED, BUFFER_USAGE_LIMIT '64MB')"
LAST_VACUUM = "VACUUM (ANALYZE)"
"""After each chunk, while its pages are in memory, and once more for what was locked then: in the
end alone it would read everything again. With 2 MB of buffers, as is usual, it waits for the log.
"""

SEQUENCES = {
    "event_shift": ("inbound_event_ids", 1),
    "payment_shift": ("payment_logs_id_seq", 1),
    "fact_shift": ("payment_facts_id_seq", 2),
    "movement_shift": ("ledger_movement_ids", 2),
    "line_shift": ("sms_transactions_id_seq", 1),
}
"""Where ids come from, and how many of them a payment has."""

_TAKE = """
    SELECT setval('{0}', (SELECT last_value - (NOT is_called)::int FROM {0}) + %(taken)s)
           - %(taken)s
"""
"""Take ids in advance; the last one that was used before is returned."""

_SPAN_US = """
    WITH span AS (
        SELECT greatest(date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC',
                        (SELECT received_at FROM inbound_events ORDER BY id DESC LIMIT 1)) AS since
    )
    SELECT (extract(epoch FROM since) * 1000000)::bigint,
           (extract(epoch FROM now() - since) * 1000000)::bigint FROM span
"""
"""From the newest event, or the first of the month, whose partition is always there, until now."""


def grow(
    database_url: str,
    *,
    first: int,
    count: int,
    on_progress: Callable[[int], None],
    chunk_payments: int = CHUNK_PAYMENTS,
) -> None:
    """Add `count` finished payments, numbered from `first`, as their events would have left them.

    The database is migrated, the role is a superuser, and nobody else writes meanwhile. Customers
    go on from where they stand, and every sequence is left beyond the ids that were used. At the
    end the tables are vacuumed and analyzed, as those of a service of that age are.
    `on_progress` is told after each chunk, in the caller's thread, how many of them are there.
    Raises ValueError for numbers outside 1 to `names.NUMBER_MAX`, and psycopg.Error when a number
    was used before or the store goes away: the database is then half grown, to be thrown away.
    """
    last = first + count - 1
    if count < 1 or first < 1 or last > names.NUMBER_MAX:
        raise ValueError(f"numbers go from 1 to {names.NUMBER_MAX}")
    with ExitStack() as until:
        lanes = [until.enter_context(_Working(database_url, lane)) for lane in statements.LANES]
        values = _values(lanes[0].connection, first, count)
        for start in range(first, last + 1, chunk_payments):
            end = min(start + chunk_payments - 1, last)
            chunk = {**values, "from_number": start, "to_number": end}
            _wait([lane.submit(lane.fill, chunk) for lane in lanes])
            _wait([lane.submit(lane.vacuum, VACUUM) for lane in lanes])
            on_progress(end - first + 1)
        _wait([lane.submit(lane.vacuum, LAST_VACUUM) for lane in lanes])
        lanes[0].connection.execute("CHECKPOINT")


class _Working(ThreadPoolExecutor):
    """A lane: one connection and the one thread that works with it."""

    def __init__(self, database_url: str, lane: statements.Lane) -> None:
        super().__init__(1)
        options = " ".join(f"-c {name}={value}" for name, value in SETTINGS.items())
        self.connection = psycopg.connect(database_url, autocommit=True, options=options)
        self._lane = lane

    def __exit__(self, *_: object) -> None:
        """Let the statement that runs come to its end, and no other begin."""
        self.shutdown(cancel_futures=True)
        self.connection.close()

    def fill(self, values: Values) -> None:
        """Write the lane's share of a chunk."""
        for statement in self._lane.statements:
            self.connection.execute(statement.encode(), values)

    def vacuum(self, how: str) -> None:
        """Do what autovacuum would have done in so long a time.

        While the other lane writes nothing: its transaction would make the new rows look new.
        """
        for table in self._lane.tables:
            self.connection.execute(f"{how} {table}".encode())


def _wait(work: list[Future[None]]) -> None:
    for each in work:
        each.result()


def _values(connection: Connection, first: int, count: int) -> dict[str, int]:
    """Take the ids, and return the parameters that all chunks have in common."""
    since_us, span_us = _row(connection, _SPAN_US, {})
    values = {"first_number": first, "since_us": since_us, "step_us": max(0, span_us) // count}
    for name, (sequence, ids) in SEQUENCES.items():
        (used,) = _row(connection, _TAKE.format(sequence), {"taken": ids * count})
        values[name] = used + 1 - ids * first
    return values


def _row(connection: Connection, query: str, values: Values) -> tuple[int, ...]:
    row = connection.execute(query.encode(), values).fetchone()
    assert row is not None  # every query here returns one row
    return row
