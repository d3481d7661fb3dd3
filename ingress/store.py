"""Connections to Postgres: opened, checked, and cut off when nothing comes back.

A statement that hangs cannot be cancelled politely: the server that should hear of it is the one
that does not answer. So the socket is shut down, and the driver finds out by itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg

from ingress import statements
from ingress.errors import StartRefused

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from psycopg import AsyncConnection

    Connection = AsyncConnection[tuple[Any, ...]]

T = TypeVar("T")

AWAY = (psycopg.Error, OSError, StartRefused)
"""What opening or using a connection raises when there is no store fit for money."""

CONNECT_S_MAX = 1.0
"""Seconds in which a connection must be open and checked."""

STATEMENT_S_MAX_SERVER = 3
"""Seconds after which the server itself ends a statement that we have long given up."""

CUT_S_MAX = 0.5
"""Seconds in which the driver must notice that its socket was shut down."""

_abandoned: set[asyncio.Task[Any]] = set()


async def connect(database_url: str, *, allow_unsafe: bool) -> Connection:
    """Return a new connection, one transaction a statement, whose commits are durable.

    Raises psycopg.OperationalError when there is none within `CONNECT_S_MAX`, StartRefused when
    the server would acknowledge what it may lose and `allow_unsafe` is not set.
    """
    try:
        async with asyncio.timeout(CONNECT_S_MAX):
            connection = await psycopg.AsyncConnection.connect(
                database_url, autocommit=True, application_name="payratchet-ingress"
            )
    except TimeoutError as error:
        raise psycopg.OperationalError("no connection in time") from error
    try:
        await within(
            connection, prepare(connection, allow_unsafe=allow_unsafe), limit_s=CONNECT_S_MAX
        )
    except BaseException:
        await close(connection)
        raise
    return connection


async def within(
    connection: AsyncConnection[Any], work: Coroutine[Any, Any, T], *, limit_s: float
) -> T:
    """Return what the work returns; after `limit_s` cut the connection and raise.

    Raises psycopg.OperationalError for work that was cut off: nobody knows what became of it.
    """
    task = asyncio.ensure_future(work)
    _abandoned.add(task)
    task.add_done_callback(_abandoned.discard)
    try:
        await asyncio.wait({task}, timeout=limit_s)
        if task.done():
            return task.result()
    finally:
        # Also when whoever waits is told to stop: a driver that went on with a connection that is
        # closed under it would take the whole process down.
        if not task.done():
            await _end(connection, task)
    raise psycopg.OperationalError(f"no answer within {limit_s} s")


async def prepare(connection: Connection, *, allow_unsafe: bool) -> None:
    """Make a new connection fit for money; its rows must be tuples.

    Raises StartRefused when the server would acknowledge what it may lose, unless that is allowed.
    """
    cursor = await connection.execute(statements.DURABILITY)
    durability: dict[str, str] = dict(await cursor.fetchall())
    # Columns are packed as UTF-8 (`domain.arrays`), whatever the database or PGCLIENTENCODING says.
    await connection.execute("SET client_encoding = 'UTF8'")
    await connection.execute(f"SET statement_timeout = '{STATEMENT_S_MAX_SERVER}s'")
    # Every statement here finds its rows by a key. A plan that was made while next month's
    # partition was empty would go on scanning it when it is full.
    await connection.execute("SET enable_seqscan = off")
    if allow_unsafe:
        return
    unsafe = sorted(name for name, value in durability.items() if value == "off")
    if unsafe:
        raise StartRefused(
            f"Postgres has {', '.join(unsafe)} off and would lose acknowledged payments; "
            "set it on, or PAYRATCHET_ALLOW_UNSAFE_STORE=1 for a throw-away run."
        )
    if durability["synchronous_commit"] != "remote_apply":
        await connection.execute("SET synchronous_commit = 'on'")


async def schema_revision(connection: Connection) -> str | None:
    """Return the newest migration that was run; None where none was."""
    cursor = await connection.execute(statements.SCHEMA_THERE)
    if await cursor.fetchone() != (True,):
        return None
    cursor = await connection.execute(statements.SCHEMA_REVISION)
    row = await cursor.fetchone()
    return row[0] if row else None


async def close(connection: AsyncConnection[Any]) -> None:
    """Close it, whatever state it is in."""
    with contextlib.suppress(psycopg.Error, OSError):
        await connection.close()


async def _end(connection: AsyncConnection[Any], task: asyncio.Future[Any]) -> None:
    """Have the driver find out that its socket is gone, and wait for it to let go."""
    _cut(connection)
    await asyncio.wait({task}, timeout=CUT_S_MAX)
    if not task.done():
        task.cancel()
    elif not task.cancelled():
        task.exception()


def _cut(connection: AsyncConnection[Any]) -> None:
    """Shut the socket down under the driver; a copy of the descriptor keeps it from reuse."""
    with (
        contextlib.suppress(OSError, psycopg.Error),
        socket.socket(fileno=os.dup(connection.fileno())) as copy,
    ):
        copy.shutdown(socket.SHUT_RDWR)
