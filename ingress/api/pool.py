"""The API's connections: few, its own, and waited for only while the store answers.

Webhooks are kept over other connections, so that nothing that is asked here can delay them.
"""

from __future__ import annotations

import asyncio
import contextlib
import select
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
import structlog
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout, TooManyRequests

from ingress import store
from ingress.api.pulse import QUEUE_S_MAX, Pulse
from ingress.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ingress.api.operation import Connection

T = TypeVar("T")

CONNECTIONS_MAX = 8
"""Connections of one process."""

WRITERS_MAX = 6
"""Connections that may wait for locks of others: whoever only reads finds the rest."""

WAITING_MAX = 3_000
"""Requests that wait for a connection; the next is told to come again. There is room for all
readers that wait for changes and are woken at once."""

STOP_S_MAX = 1.0
"""Seconds that connections have to be closed."""

LOCK_S_MAX = 1
"""Seconds that a statement waits for a lock: so long a repeated request waits for the first."""

IDLE_IN_TRANSACTION_S_MAX = 5
"""Seconds after which the server ends a transaction, and its locks, of a process that hangs."""

WORK_S_MAX = 1.8
"""Seconds for all that one request does over a connection, from its first statement on."""

CONNECT_S_MAX = 2
"""Seconds for a connection to be made."""

RECONNECT_S_MAX = 2.0
"""Seconds after which an attempt to connect is given up; the next request begins another."""

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()


class Pool:
    """Lends connections, one for each piece of work."""

    def __init__(self, database_url: str, *, allow_unsafe: bool) -> None:
        self._database_url = database_url
        self._allow_unsafe = allow_unsafe
        self._pool: AsyncConnectionPool[Connection] | None = None
        self._writers = asyncio.Semaphore(WRITERS_MAX)
        self.pulse = Pulse()

    async def start(self) -> None:
        """Begin to connect; a store that is away is waited for by whoever asks."""
        self._pool = AsyncConnectionPool(
            self._database_url,
            kwargs={
                "autocommit": True,
                "application_name": "payratchet-api",
                "prepare_threshold": 0,
                "connect_timeout": CONNECT_S_MAX,
            },
            min_size=1,
            max_size=CONNECTIONS_MAX,
            max_waiting=WAITING_MAX,
            timeout=QUEUE_S_MAX,
            reconnect_timeout=RECONNECT_S_MAX,
            configure=self._configure,
            open=False,
        )
        await self._pool.open(wait=False)

    async def stop(self) -> None:
        """Let go of all connections."""
        if self._pool is not None:
            await self._pool.close(timeout=STOP_S_MAX)

    async def write(
        self, work: Callable[[Connection], Awaitable[T]], *, until_s: float | None = None
    ) -> T:
        """Return what work returns that may wait for locks, once it is among `WRITERS_MAX`."""
        if self._writers.locked():
            await self.pulse.wait(self._writers.acquire(), until_s=until_s)
        else:
            await self._writers.acquire()
        try:
            return await self.use(work, until_s=until_s)
        finally:
            self._writers.release()

    async def use(
        self, work: Callable[[Connection], Awaitable[T]], *, until_s: float | None = None
    ) -> T:
        """Return what the work returns, given a connection that is in no transaction.

        Raises StoreUnavailable when the wait for a connection is over (`Pulse`; at `until_s` by
        the loop's time at the latest), when the work takes longer than `WORK_S_MAX`, and when
        Postgres fails it; then nobody knows whether a commit was made. Refusals pass through.
        """
        if self._pool is None:
            raise StoreUnavailable("the store is not connected")
        connection = await self.pulse.wait(self._lent(self._pool), until_s=until_s)
        try:
            found = await store.within(connection, _awaited(work, connection), limit_s=WORK_S_MAX)
        except psycopg.Error as error:
            if error.sqlstate is not None:
                self.pulse.note()
            log.warning("api.store_failed", error_class=type(error).__name__)
            raise StoreUnavailable("the store did not answer in time") from error
        else:
            self.pulse.note()
            return found
        finally:
            await self._pool.putconn(connection)

    async def _lent(self, pool: AsyncConnectionPool[Connection]) -> Connection:
        """Return a connection that the server has not ended; those that it has are thrown away."""
        while True:
            try:
                connection = await pool.getconn(timeout=QUEUE_S_MAX)
            except (PoolTimeout, PoolClosed, TooManyRequests) as error:
                raise StoreUnavailable("no connection to the store in time") from error
            if is_open(connection):
                return connection
            try:
                await store.close(connection)
            finally:
                await pool.putconn(connection)

    async def _configure(self, connection: psycopg.AsyncConnection[Any]) -> None:
        await store.prepare(connection, allow_unsafe=self._allow_unsafe)
        await connection.execute(f"SET lock_timeout = '{LOCK_S_MAX}s'")
        await connection.execute(
            f"SET idle_in_transaction_session_timeout = '{IDLE_IN_TRANSACTION_S_MAX}s'"
        )
        connection.row_factory = dict_row
        self.pulse.note()


async def rollback(connection: Connection) -> None:
    """End the transaction without effect, if there is one and there is a server to hear of it."""
    with contextlib.suppress(psycopg.Error):
        if connection.info.transaction_status is not psycopg.pq.TransactionStatus.IDLE:
            await connection.execute("ROLLBACK")


async def _awaited(work: Callable[[Connection], Awaitable[T]], connection: Connection) -> T:
    return await work(connection)


def is_open(connection: psycopg.AsyncConnection[Any]) -> bool:
    """Say whether the server has not ended it: an idle one has nothing to read. Asks nothing."""
    if connection.closed:
        return False
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return not poll.poll(0)
