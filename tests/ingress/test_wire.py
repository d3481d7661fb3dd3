from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
import pytest
import uvloop

from domain.arrays import Blobs, Int8s, Texts
from ingress import store
from ingress.wire import Statement, Wire

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from domain.arrays import Packed

T = TypeVar("T")

BACK = Statement(b"back", "SELECT * FROM unnest($1::text[], $2::bytea[])")
DIVIDE = Statement(b"divide", "SELECT 10 / n FROM unnest($1::bigint[]) AS given (n)")
PID = Statement(b"pid", "SELECT pg_backend_pid() FROM unnest($1::bigint[])")
NOWHERE = Statement(b"nowhere", "SELECT 1 FROM nowhere, unnest($1::bigint[])")
MORE_THAN_A_SOCKET_HOLDS = 20_000_000
ONE: tuple[Packed, ...] = (Int8s([1]),)


def test_values_come_back_as_they_were_sent(database_url: str) -> None:
    columns = (Texts(["ä", None, ""]), Blobs([b"\0", b"", None]))

    rows = _over(database_url, lambda wire: wire.rows(BACK, columns))

    assert rows == [("ä".encode(), b"\0"), (None, b""), (b"", None)]


def test_more_than_a_socket_holds_goes_there_and_back(database_url: str) -> None:
    large = bytes(MORE_THAN_A_SOCKET_HOLDS)

    rows = _over(database_url, lambda wire: wire.rows(BACK, (Texts(["x"]), Blobs([large]))))

    assert rows == [(b"x", large)]


@pytest.mark.parametrize(
    ("statement", "columns", "error"),
    [
        (DIVIDE, (Int8s([0]),), psycopg.errors.DivisionByZero),
        (BACK, (Texts(["nul \0"]), Blobs([b""])), psycopg.DataError),
        (NOWHERE, ONE, psycopg.errors.UndefinedTable),
    ],
)
def test_a_statement_that_fails_raises_and_the_next_one_runs(
    database_url: str, statement: Statement, columns: tuple[Packed, ...], error: type[Exception]
) -> None:
    async def story(wire: Wire) -> list[tuple[Any, ...]]:
        for _ in range(2):
            with pytest.raises(error):
                await wire.rows(statement, columns)
        return await wire.rows(DIVIDE, (Int8s([2, 5]),))

    assert [int.from_bytes(row[0]) for row in _over(database_url, story)] == [5, 2]


def test_the_driver_has_the_connection_back_after_a_statement(database_url: str) -> None:
    async def story(wire: Wire) -> list[tuple[Any, ...]]:
        await wire.rows(PID, ONE)
        cursor = await wire.connection.execute("SELECT 7")
        found = await cursor.fetchall()
        await wire.rows(PID, ONE)
        return found

    assert _over(database_url, story) == [(7,)]


def test_a_connection_that_is_ended_raises_instead_of_waiting(database_url: str) -> None:
    async def story(wire: Wire) -> None:
        [(pid,)] = await wire.rows(PID, ONE)
        _end(database_url, int.from_bytes(pid))
        with pytest.raises(psycopg.OperationalError):
            await wire.rows(PID, ONE)
        with pytest.raises(psycopg.OperationalError):
            await wire.rows(PID, ONE)

    _over(database_url, story)


def test_a_statement_that_is_ended_while_it_runs_raises(database_url: str) -> None:
    sleep = Statement(b"sleep", "SELECT pg_sleep(60) FROM unnest($1::bigint[])")

    async def story(wire: Wire) -> None:
        [(pid,)] = await wire.rows(PID, ONE)
        waiting = asyncio.create_task(wire.rows(sleep, ONE))
        await asyncio.to_thread(_end, database_url, int.from_bytes(pid))
        with pytest.raises(psycopg.OperationalError):
            await waiting

    _over(database_url, story)


def _end(database_url: str, pid: int) -> None:
    with psycopg.connect(database_url) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))


def _over(database_url: str, story: Callable[[Wire], Awaitable[T]]) -> T:
    async def connected() -> T:
        wire = Wire(await store.connect(database_url, allow_unsafe=True))
        try:
            return await asyncio.wait_for(story(wire), 20)
        finally:
            await wire.close()
            await wire.close()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(connected())
