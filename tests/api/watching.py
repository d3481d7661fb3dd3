"""Those who wait for a change, without the API around them: they look at the real store."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING

import psycopg
import redis
from psycopg.rows import dict_row

from domain.wakeup import CHANGES_CHANNEL
from ingress.api import changes
from ingress.api.changes import Changes
from tests.ingress.serving import until

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from ingress.api.places import Seen
    from tests.api.serving import Service

UNSEEN: Seen = (0, None)
NOBODY = "unix:///nowhere/at-all.sock"


class Eye:
    """Looks at the real store over a connection of its own, and keeps every question."""

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url
        self.asked: list[tuple[str, ...]] = []
        self.is_shut = False

    async def __call__(self, references: Sequence[str]) -> Mapping[str, Seen]:
        self.asked.append(tuple(references))
        if self.is_shut:
            raise OSError
        async with await psycopg.AsyncConnection.connect(
            self._database_url, row_factory=dict_row
        ) as connection:
            return await changes.look(connection, references)


@contextlib.asynccontextmanager
async def started(redis_url: str, eye: Eye) -> AsyncIterator[Changes]:
    made = Changes(redis_url, eye)
    made.start()
    try:
        yield made
    finally:
        await made.close()


async def waited(made: Changes, reference: str, *, seen: Seen = UNSEEN, at_most_s: float) -> float:
    """Wait once; return for how many seconds."""
    begun_s = time.monotonic()
    with made.watch(reference, "shop") as watch:
        assert watch is not None
        await watch.wait(seen, until_s=asyncio.get_running_loop().time() + at_most_s)
    return time.monotonic() - begun_s


def listening(url: str) -> Callable[[], bool]:
    """Return what says whether somebody listens."""

    def is_heard() -> bool:
        with redis.Redis.from_url(url) as client:
            return bool(client.pubsub_numsub(CHANGES_CHANNEL)[0][1])

    return is_heard


def tell(url: str, *references: str) -> None:
    """Say what a worker says after its commit."""
    with redis.Redis.from_url(url) as client:
        client.publish(CHANGES_CHANNEL, " ".join(references))


def ask_and_wait(client: socket.socket, by: Service, reference: str) -> None:
    """Ask for a payment when it has changed, and do not read the answer yet."""
    client.sendall(
        f"GET /v1/payments/{reference}?wait=20 HTTP/1.1\r\nHost: x\r\n"
        f"Authorization: Bearer {by.key}\r\n\r\n".encode()
    )


async def until_true(condition: Callable[[], bool]) -> None:
    await asyncio.to_thread(until, condition)
