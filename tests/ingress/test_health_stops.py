"""Health lets go of its connection, also of one that was just being opened."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from domain.providers import PROVIDERS
from ingress import gate, store
from ingress.doorbell import Doorbell
from ingress.group_commit import GroupCommit, Writer
from ingress.health import Health
from ingress.record import Recorder

if TYPE_CHECKING:
    from ingress.store import Connection

SCOPE = {"type": "http", "method": "GET", gate.HEAD: gate.Head(request_id="r1")}


class SlowStore:
    """Opens a connection when it is told that it may."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.asked, self.may = asyncio.Event(), asyncio.Event()
        self.opened: list[Connection] = []

    async def open(self) -> Connection:
        self.asked.set()
        await self.may.wait()
        connection = await store.connect(self._url, allow_unsafe=True)
        self.opened.append(connection)
        return connection


async def _nothing(*_: object) -> None:
    """Take an answer that nobody reads."""


async def _stopped_while_it_opens(url: str, redis_url: str) -> list[bool]:
    slow = SlowStore(url)
    recorder = Recorder(PROVIDERS, Doorbell(redis_url))
    group_commit = GroupCommit(slow.open, recorder, writer_type=Writer)
    health = Health(slow.open, redis_url, group_commit)
    asking = asyncio.create_task(health.health(SCOPE, _nothing, _nothing))  # type: ignore[arg-type]
    await slow.asked.wait()
    asking.cancel()
    stopping = asyncio.create_task(health.close())
    slow.may.set()
    await asyncio.gather(asking, stopping, return_exceptions=True)
    while not slow.opened:  # noqa: ASYNC110 - without the guard it is opened after the stop
        await asyncio.sleep(0.01)
    return [connection.closed for connection in slow.opened]


def test_a_connection_that_is_being_opened_when_it_stops_is_closed(
    database_url: str, redis_url: str
) -> None:
    with contextlib.closing(asyncio.new_event_loop()) as loop:
        closed = loop.run_until_complete(
            asyncio.wait_for(_stopped_while_it_opens(database_url, redis_url), 20)
        )

    assert closed == [True]
