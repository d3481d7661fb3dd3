"""What the benchmark may ask of a peer."""

from __future__ import annotations

import os
import subprocess
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from psycopg import sql

from tests.local.errors import LocalRunFailed

if TYPE_CHECKING:
    from collections.abc import Mapping

    import psycopg

APPLICATIONS = Path(__file__).parent / "applications"
AMOUNT_MINOR = 125_000
CURRENCY = "NGN"
CUSTOMERS = 1_000
PREPARE_WAIT_S = 120.0

Command = tuple[list[str], dict[str, str]]
"""A command, and what its environment has besides ours."""


class PeerFailed(LocalRunFailed):
    """A peer could not be prepared."""


@dataclass(frozen=True)
class Tables:
    """The names of the tables that payments are announced in."""

    accounts: str
    payments: str


@dataclass(frozen=True)
class Peer(ABC):
    """One of the peers. Its database is its own and empty before `prepare`."""

    name: str
    title: str
    path: str
    """Where requests are sent, by POST. `GET /readyz` answers 200 once it serves."""

    tables: Tables
    acknowledged_sql: str
    """Counts the events that it stored."""

    applied_sql: str
    """Counts the payments that it credited."""

    checks_sql: Mapping[str, str]
    """Invariant to a count of its violations, once it is quiet."""

    @abstractmethod
    def prepare(self, python: Path, database_url: str) -> None:
        """Make its tables. Raises PeerFailed with what it said."""

    @abstractmethod
    def processes(
        self, python: Path, *, port: int, database_url: str, redis_url: str
    ) -> dict[str, Command]:
        """Return what must run, by name; each ends on SIGTERM. Some have child processes."""

    @abstractmethod
    def request(self, n: int) -> tuple[bytes, dict[str, str]]:
        """Return the body and headers of the event that pays payment `n`; the same each time.

        Where a signature carries its time, that is the time of the call.
        """

    def announce(self, connection: psycopg.Connection, first: int, count: int) -> None:
        """Add pending payments `first` up to `first + count`, and the accounts they credit.

        Committed on return, unless the connection was in a transaction already.
        """
        accounts = sql.Identifier(self.tables.accounts)
        payments = sql.Identifier(self.tables.payments)
        with connection.transaction(), connection.cursor() as cursor:
            cursor.execute(
                sql.SQL(
                    "INSERT INTO {} (customer, currency, balance_minor)"
                    " SELECT 'customer-' || n, %s, 0 FROM generate_series(0, %s) n"
                    " ON CONFLICT DO NOTHING"
                ).format(accounts),
                (CURRENCY, CUSTOMERS - 1),
            )
            cursor.execute(sql.SQL("SELECT customer, id FROM {}").format(accounts))
            account_ids: dict[str, int] = dict(cursor.fetchall())
            copy = sql.SQL(
                "COPY {} (reference, account_id, amount_minor, currency, state, updated_at)"
                " FROM STDIN"
            ).format(payments)
            with cursor.copy(copy) as rows:
                for n in range(first, first + count):
                    account_id = account_ids[customer(n)]
                    rows.write_row(
                        (reference(n), account_id, AMOUNT_MINOR, CURRENCY, "pending", "now")
                    )
            cursor.execute(sql.SQL("ANALYZE {}, {}").format(accounts, payments))


def reference(n: int) -> str:
    """Return the reference of payment `n`."""
    return f"BENCH-{n:09d}"


def customer(n: int) -> str:
    """Return whose payment that is."""
    return f"customer-{n % CUSTOMERS}"


def run(command: list[str], extra: Mapping[str, str]) -> None:
    """Run to the end in a peer's environment. Raises PeerFailed with its output."""
    ran = subprocess.run(
        command,
        env={**os.environ, **extra},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PREPARE_WAIT_S,
        check=False,
    )
    if ran.returncode != 0:
        raise PeerFailed(f"{' '.join(command)} failed.\n{ran.stdout.strip()}")


def importing_applications() -> dict[str, str]:
    """Return what lets a peer's Python import its application, and leaves no trace of it here."""
    return {"PYTHONPATH": str(APPLICATIONS), "PYTHONDONTWRITEBYTECODE": "1"}
