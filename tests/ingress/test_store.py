from __future__ import annotations

import asyncio
import contextlib

import pytest
import uvloop

from ingress import store

MOMENTS = 40
MOMENT_S = 0.0005
"""At so many moments of its making a connection is given up, so far apart."""


def test_a_connection_that_is_given_up_while_it_is_made_has_no_user_left(
    database_url: str,
) -> None:
    async def give_up(after_s: float) -> set[asyncio.Task[object]]:
        making = asyncio.create_task(store.connect(database_url, allow_unsafe=True))
        await asyncio.sleep(after_s)
        making.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await store.close(await making)
        return asyncio.all_tasks() - {asyncio.current_task()}

    left = [uvloop.run(give_up(moment * MOMENT_S)) for moment in range(MOMENTS)]

    assert left == [set()] * MOMENTS


def test_work_that_is_given_up_has_let_go_of_its_connection(database_url: str) -> None:
    async def story() -> None:
        connection = await store.connect(database_url, allow_unsafe=True)
        work = connection.execute("SELECT pg_sleep(30)")
        waiting = asyncio.create_task(store.within(connection, work, limit_s=30))
        await asyncio.sleep(0.1)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert connection.broken
        await store.close(connection)

    uvloop.run(story())
