"""Connections and the only way into a transaction."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import psycopg
from psycopg import IsolationLevel
from psycopg.rows import TupleRow

from workers import columns

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

CONNECT_TIMEOUT_S = 2
KEEPALIVE_AFTER_S = 5
KEEPALIVE_EVERY_S = 2
KEEPALIVES_MAX = 3
UNANSWERED_MS_MAX = 10_000
"""When a server that went away without a word is given up. None of it is for local sockets."""

LOCK_TIMEOUT_MS = 2_000
STATEMENT_TIMEOUT_MS = 10_000
IDLE_IN_TRANSACTION_TIMEOUT_MS = 15_000
"""Longest that a transaction may wait for a lock, run one statement, or hold locks idly."""

SESSION: Mapping[str, str] = MappingProxyType(
    {
        "lock_timeout": f"{LOCK_TIMEOUT_MS}ms",
        "statement_timeout": f"{STATEMENT_TIMEOUT_MS}ms",
        "idle_in_transaction_session_timeout": f"{IDLE_IN_TRANSACTION_TIMEOUT_MS}ms",
        "synchronous_commit": "on",
        # Columns are packed as UTF-8 (`domain.arrays`), whatever PGCLIENTENCODING says.
        "client_encoding": "UTF8",
        # A use case finds its rows by an index; a plan that was made while a table was empty would
        # go on scanning it. Only a snapshot reads whole tables.
        "enable_seqscan": "off",
    }
)
"""What every transaction of a session of ours begins with."""

PREPARE_AFTER = 2
"""Executions after which a statement is prepared on its connection."""

Transaction = psycopg.Connection[TupleRow]
"""A connection inside a transaction. Store functions take one, and never commit."""


@dataclass(frozen=True, slots=True)
class Backend:
    """How Postgres names the session of a connection: gone means that its owner died."""

    pid: int
    started_at: datetime


class StoreReadOnly(psycopg.OperationalError):
    """The store takes no writes: it was told so, or is a standby by now. That passes."""

    sqlstate = "25006"


class Database:
    """One connection a thread, made anew when it breaks.

    `transaction()` and `statement()` are the only openers and only use cases call them. A claim
    names the session of its connection, so workers need sessions of their own: a pooler must not
    share them out. `generic_plans` is for those who run the same few statements all day.
    """

    def __init__(self, url: str, *, name: str, generic_plans: bool = False) -> None:
        self._url = url
        self._name = name
        # Left to itself the server plans a statement anew for each small batch, which took it as
        # long as running it. What people list is better planned for what they ask.
        plans = "force_generic_plan" if generic_plans else "auto"
        self._session = {**SESSION, "plan_cache_mode": plans}
        self._local = threading.local()

    @contextlib.contextmanager
    def transaction(self, *, durable: bool = True, snapshot: bool = False) -> Iterator[Transaction]:
        """Run the block in one transaction: committed as a whole, or not at all.

        `durable=False` does not wait for the disk; only for rows whose loss is harmless.
        `snapshot=True` sees one moment throughout and may not write.
        Raises psycopg.OperationalError when Postgres is away.
        """
        connection = self._connection()
        if connection.read_only is not (snapshot or None):
            connection.read_only = snapshot or None
            connection.isolation_level = IsolationLevel.REPEATABLE_READ if snapshot else None
        with self._forgotten_if_broken(connection), connection.transaction():
            if not durable:
                connection.execute("SET LOCAL synchronous_commit = 'off'")
            if snapshot:
                connection.execute("SET LOCAL enable_seqscan = 'on'")
            yield connection

    @contextlib.contextmanager
    def statement(self) -> Iterator[Transaction]:
        """Let the block run one statement, which is a transaction of its own: one round trip.

        Raises as `transaction` does.
        """
        connection = self._connection()
        with self._forgotten_if_broken(connection):
            yield connection

    @contextlib.contextmanager
    def _forgotten_if_broken(self, connection: Transaction) -> Iterator[None]:
        """Close a connection that is of no use, and call what that is by one name.

        To the driver a store that takes no writes, and a session that the server has ended, are
        faults of the statement. One that takes none may be the old one of two by now.
        """
        try:
            yield
        except psycopg.OperationalError:
            if connection.broken:
                self.close()
            raise
        except psycopg.Error as error:
            is_read_only = isinstance(error, psycopg.errors.ReadOnlySqlTransaction)
            if is_read_only and not connection.read_only:
                self.close()
                raise StoreReadOnly(str(error)) from error
            if connection.closed:
                self.close()
                raise psycopg.OperationalError(str(error)) from error
            raise

    def backend(self) -> Backend:
        """Return the session of this thread's connection."""
        self._connection()
        backend: Backend = self._local.backend
        return backend

    def close(self) -> None:
        """Close this thread's connection; the next transaction makes a new one."""
        connection: Transaction | None = getattr(self._local, "connection", None)
        self._local.connection = None
        if connection is not None:
            connection.close()

    def _connection(self) -> Transaction:
        connection: Transaction | None = getattr(self._local, "connection", None)
        if connection is None or connection.closed:
            connection = self._connect()
            self._local.connection = connection
        return connection

    def _connect(self) -> Transaction:
        connection: Transaction = psycopg.connect(
            self._url,
            autocommit=True,
            connect_timeout=CONNECT_TIMEOUT_S,
            application_name=self._name,
            prepare_threshold=PREPARE_AFTER,
            keepalives_idle=KEEPALIVE_AFTER_S,
            keepalives_interval=KEEPALIVE_EVERY_S,
            keepalives_count=KEEPALIVES_MAX,
            tcp_user_timeout=UNANSWERED_MS_MAX,
        )
        columns.teach(connection)
        for name, value in self._session.items():
            connection.execute("SELECT set_config(%s, %s, false)", (name, value))
        row = connection.execute(
            "SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()"
        ).fetchone()
        if row is None:
            raise psycopg.OperationalError("the new session does not see itself")
        self._local.backend = Backend(*row)
        return connection
