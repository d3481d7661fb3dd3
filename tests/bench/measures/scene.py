"""The scene of one measure: a database that nobody has used, and an empty Redis."""

from __future__ import annotations

import contextlib
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg

from tests.bench.errors import BenchFailed
from tests.bench.load.target import Target
from tests.bench.stage import processes, supply

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from tests.bench.stage.processes import Processes
    from tests.bench.stage.run import Run

ALL = ("web", "worker", "relay", "console")
DRAIN_S_MAX = 120.0
"""How long a measure waits for what it sent to be applied."""

LOOK_S = 0.05
"""Time between two looks at the backlog: what looking costs is counted as the store's work."""

SAID_LINES = 10
"""How much of each log tells why a measure failed."""

_EACH_EVENT = re.compile(r"events\.applied|delivery\.accepted")

_OLDEST = """
    SELECT w.*, now(),
           (SELECT json_agg(t) FROM attempts t WHERE t.event_id = w.event_id) AS tries,
           (SELECT json_agg(c) FROM claims c WHERE w.event_id = ANY (c.event_ids)) AS claims,
           (SELECT json_agg(a) FROM (
                SELECT application_name, state, wait_event, xact_start, query
                FROM pg_stat_activity WHERE state <> 'idle' AND pid <> pg_backend_pid()
            ) AS a) AS busy
    FROM inbound_work w ORDER BY w.event_id LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Scene:
    """Both stores of one measure. `connection` commits each statement."""

    run: Run
    name: str
    database_url: str
    redis_url: str
    connection: psycopg.Connection[tuple[Any, ...]]

    def ours(
        self, names: Sequence[str], *, extra: Mapping[str, Mapping[str, str]] | None = None
    ) -> AbstractContextManager[Processes]:
        """Start some of our processes on this scene."""
        return processes.ours(
            self.run.grounds,
            names,
            database_url=self.database_url,
            redis_url=self.redis_url,
            log=self.run.logs(self.name),
            extra=extra or {},
        )

    def paid(self, count: int) -> tuple[range, Path]:
        """Announce payments; return their numbers, and a file of the deliveries that pay them."""
        numbers = self.run.numbers.take(count)
        supply.announce(self.connection, numbers)
        file = self.file()
        supply.write(file, map(supply.delivery, numbers))
        return numbers, file

    def file(self) -> Path:
        """Return where deliveries of this measure are written; the last ones are gone then."""
        return self.run.folder / f"{self.name}.requests"

    def stored(self) -> int:
        """Count the events that are kept."""
        return self.count("SELECT count(*) FROM inbound_events")

    def owed(self) -> int:
        """Count the events that are not applied yet."""
        return self.count("SELECT count(*) FROM inbound_work")

    def count(self, query: str, *values: object) -> int:
        """Return the number that a query finds."""
        row = self.connection.execute(query.encode(), values or None).fetchone()
        assert row is not None  # a count is always one row
        number: int = row[0]
        return number

    def _oldest(self) -> str:
        """Return all that is known of the oldest work, and who holds its row."""
        with self.connection.cursor(row_factory=psycopg.rows.dict_row) as cursor:
            row = cursor.execute(_OLDEST).fetchone()
        return str(row)

    def _said(self) -> str:
        """Return what the processes of this measure said last."""
        files = sorted(self.run.logs(self.name).glob("*.log"))
        return "\n".join(f"{file.name}:\n{_end_of(file)}" for file in files)

    def until_drained(self, running: Processes) -> float:
        """Wait until nothing is owed; return when that was seen (monotonic).

        Raises BenchFailed when it takes too long or a process ends.
        """
        ends_s = time.monotonic() + DRAIN_S_MAX
        while self.count("SELECT count(*) FROM (SELECT FROM inbound_work LIMIT 1) AS first"):
            running.check()
            if time.monotonic() > ends_s:
                raise BenchFailed(
                    f"{self.owed()} events were still owed after {DRAIN_S_MAX:.0f} s;"
                    f" the oldest: {self._oldest()}\n{self._said()}"
                )
            time.sleep(LOOK_S)
        return time.monotonic()


def _end_of(file: Path) -> str:
    """Return what a log has last, of what is not said of each event."""
    lines = file.read_text(errors="replace").splitlines()
    return "\n".join([line for line in lines if _EACH_EVENT.search(line) is None][-SAID_LINES:])


@contextlib.contextmanager
def scene(run: Run, name: str) -> Iterator[Scene]:
    """Make the scene, and give its disk back at the end."""
    database_url = run.grounds.database(name)
    try:
        with psycopg.connect(database_url, autocommit=True) as connection:
            made = Scene(run, name, database_url, run.grounds.redis(), connection)
            yield made
        made.file().unlink(missing_ok=True)
    finally:
        run.grounds.drop(name)


def target(running: Processes, account: str | None = None) -> Target:
    """Return where our ingress takes deliveries for an account."""
    path = supply.PATH if account is None else f"{supply.PATH}/{account}"
    return Target(running.port, path)
