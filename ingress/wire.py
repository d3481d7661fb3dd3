"""The wire: statements over a connection by libpq itself, without the driver's detours.

The driver's way from a statement to its rows costs the event loop some 0.2 ms, which is what two
whole requests cost; a batch of a few needs it as much as one of hundreds. All that is left out
here is convenience: parameters are bytes already, and values come back as bytes.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from typing import TYPE_CHECKING, Any, NamedTuple

import psycopg
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus, Format, TransactionStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from psycopg.pq.abc import PGresult

    from domain.arrays import Packed
    from ingress.store import Connection

    Answer = asyncio.Future[PGresult]

    Row = tuple[Any, ...]
    """Bytes, or None for NULL."""

GOOD = frozenset({ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK})


class Statement(NamedTuple):
    """A statement and the name under which a connection has it prepared."""

    name: bytes
    text: str


class Wire:
    """Runs prepared statements over one connection, one at a time.

    The connection stays the driver's own, to open, to check and to close. While a statement runs
    here the driver must not use it.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._libpq = connection.pgconn
        self._prepared: set[bytes] = set()
        # libpq closes its socket itself when the server has gone; the number may be a client's by
        # the time the loop is told to watch it no more. This one is ours until we close it.
        self._watched = os.dup(self._libpq.socket)

    @property
    def is_idle(self) -> bool:
        """Whether the server waits for a statement, so that all before it has ended."""
        return self._libpq.transaction_status == TransactionStatus.IDLE

    async def close(self) -> None:
        """Close the connection, whatever state it is in; may be called twice."""
        watched, self._watched = self._watched, -1
        if watched >= 0:
            os.close(watched)
        with contextlib.suppress(psycopg.Error, OSError):
            await self.connection.close()

    async def rows(self, statement: Statement, columns: Sequence[Packed]) -> list[Row]:
        """Return the rows, each value in Postgres' binary form; it is prepared at its first use.

        Raises the psycopg.Error that Postgres answers with, psycopg.OperationalError when the
        connection is lost. It waits as long as it takes, and may be cancelled: then the connection
        can only be closed, and, other than the driver, it asks nothing of the server first.
        """
        if statement.name not in self._prepared:
            self._libpq.send_prepare(statement.name, statement.text.encode())
            await self._result()
            self._prepared.add(statement.name)
        parameters = [column.data for column in columns]
        self._libpq.send_query_prepared(
            statement.name,
            parameters,
            param_formats=[Format.BINARY] * len(parameters),
            result_format=Format.BINARY,
        )
        return _rows(await self._result())

    async def _result(self) -> PGresult:
        """Send what is still to be sent, and return the one result of it."""
        loop = asyncio.get_running_loop()
        descriptor = self._watched
        answer: Answer = loop.create_future()
        loop.add_reader(descriptor, self._read, answer, [])
        try:
            if self._libpq.flush():
                loop.add_writer(descriptor, self._send, loop, answer)
            result = await answer
        finally:
            loop.remove_reader(descriptor)
            loop.remove_writer(descriptor)
        if result.status not in GOOD:
            raise error_from_result(result)
        return result

    def _send(self, loop: asyncio.AbstractEventLoop, answer: Answer) -> None:
        """Send more of a statement that the socket would not take at once."""
        try:
            if not self._libpq.flush():
                loop.remove_writer(self._watched)
        except psycopg.Error as error:
            _fail(answer, error)

    def _read(self, answer: Answer, results: list[PGresult]) -> None:
        """Read what has come; answer when there is nothing more to come."""
        try:
            self._libpq.consume_input()
            while not answer.done() and not self._libpq.is_busy():
                result = self._libpq.get_result()
                if result is not None:
                    results.append(result)
                elif results:
                    answer.set_result(results[-1])
                else:
                    _fail(answer, psycopg.OperationalError("no result came"))
        except psycopg.Error as error:
            _fail(answer, error)


def _fail(answer: Answer, error: psycopg.Error) -> None:
    if not answer.done():
        answer.set_exception(error)


def _rows(result: PGresult) -> list[Row]:
    value, fields = result.get_value, range(result.nfields)
    return [tuple([value(row, field) for field in fields]) for row in range(result.ntuples)]
