"""Changes: readers that wait for a payment cost no thread, no connection and no query of their own.

Workers say on one channel of Redis which payments have changed; each process listens on one
connection while somebody waits. What is said may be lost, so once a second one query asks about
all payments that are waited for; that alone is enough, with Redis away.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import redis.asyncio
import structlog
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from domain.wakeup import CHANGES_CHANNEL
from ingress import lasting
from ingress.api.ending import ended
from ingress.api.places import Places

if TYPE_CHECKING:
    from collections.abc import (
        AsyncIterator,
        Awaitable,
        Callable,
        Mapping,
        Sequence,
    )
    from contextlib import AbstractContextManager

    from redis.asyncio.client import PubSub

    from ingress.api.operation import Connection
    from ingress.api.places import Seen, Watch

    Look = Callable[[Sequence[str]], Awaitable[Mapping[str, Seen]]]
    """Reads how these payments are now; answers or raises within a few seconds."""

LOOK_EVERY_S = 1.0
"""Seconds between two queries about all that are waited for."""

REDIS_S_MAX = 1.0
"""Seconds to connect to Redis, and to hear anything of it."""

PAUSE_S = 1.0
"""Seconds without an attempt to listen after one that failed."""

PROBE_EVERY_S = 10
"""Seconds between two signs of life to Redis, so that a dead connection is found out."""

SILENCE_S_MAX = 30.0
"""Seconds for which we go on listening when nobody waits any more."""

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()


class Changes:
    """All that wait in this process, the one ear at Redis and the one look at the store."""

    def __init__(self, redis_url: str, look: Look) -> None:
        self._redis_url = redis_url
        self._look = look
        self._places = Places()
        self._is_blind = False
        self._is_deaf = False
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Be ready to listen and to look. Nothing is connected until somebody waits."""
        self._tasks = [
            lasting.start(self._listen(), name="changes heard"),
            lasting.start(self._look_on(), name="changes seen"),
        ]

    def release(self) -> None:
        """Let everybody who waits be answered now, and nobody wait any more."""
        self._places.release()

    async def close(self) -> None:
        """Stop listening and looking."""
        self.release()
        await ended(self._tasks)

    @property
    def waiting(self) -> int:
        """Return how many readers have a place."""
        return len(self._places)

    def watch(self, reference: str, client_id: str) -> AbstractContextManager[Watch | None]:
        """Give a reader its place, None where there is none, and take it back in any case.

        Watch first, then read what is to be waited for: no change in between is then missed.
        """
        return self._places.watch(reference, client_id)

    async def _look_on(self) -> None:
        """Look once a second, while somebody waits."""
        while True:
            await self._places.wanted.wait()
            await asyncio.sleep(LOOK_EVERY_S)
            await self._look_now()

    async def _look_now(self) -> None:
        """Wake whoever has seen another version. A store that is away is asked again later."""
        waiting = [watch for watch in self._places.all() if watch.seen is not None]
        if not waiting:
            return
        try:
            found = await self._look(sorted({watch.reference for watch in waiting}))
        except Exception as error:  # noqa: BLE001 - whoever stops looking is blind for ever
            if not self._is_blind:
                log.warning("changes.unseen", error_class=type(error).__name__)
            self._is_blind = True
            return
        self._is_blind = False
        for watch in waiting:
            if found.get(watch.reference, watch.seen) != watch.seen:
                watch.wake()

    async def _listen(self) -> None:
        """Listen while somebody waits, and a while longer; begin anew when Redis comes back."""
        while True:
            await self._places.wanted.wait()
            try:
                async with self._subscribed() as ear:
                    await self._catch_up()
                    await self._hear(ear)
            except Exception as error:  # noqa: BLE001 - whoever stops listening is deaf for ever
                if not self._is_deaf:
                    log.warning("changes.unheard", error_class=type(error).__name__)
                self._is_deaf = True
                await asyncio.sleep(PAUSE_S)

    async def _catch_up(self) -> None:
        """Find what was said while nobody listened; whoever is reading just now reads again."""
        self._is_deaf = False
        for watch in self._places.all():
            if watch.seen is None:
                watch.wake()
        await self._look_now()

    @contextlib.asynccontextmanager
    async def _subscribed(self) -> AsyncIterator[PubSub]:
        client = redis.asyncio.Redis.from_url(
            self._redis_url,
            socket_timeout=REDIS_S_MAX,
            socket_connect_timeout=REDIS_S_MAX,
            health_check_interval=PROBE_EVERY_S,
            retry=Retry(NoBackoff(), 0),
        )
        async with client, client.pubsub() as ear:
            await ear.subscribe(CHANGES_CHANNEL)
            if await ear.get_message(timeout=REDIS_S_MAX) is None:
                raise TimeoutError
            yield ear

    async def _hear(self, ear: PubSub) -> None:
        now_s = asyncio.get_running_loop().time
        last_wanted_s = now_s()
        while now_s() - last_wanted_s < SILENCE_S_MAX:
            if self._places:
                last_wanted_s = now_s()
            message = await ear.get_message(timeout=LOOK_EVERY_S)
            if message is not None and message["type"] == "message":
                self._wake(message["data"])

    def _wake(self, said: bytes) -> None:
        for reference in said.decode(errors="replace").split():
            self._places.wake(reference)


_LOOK = """
    SELECT reference, lock_version, authorization_url FROM payment_logs
    WHERE reference = ANY(%(references)s)
"""


async def look(connection: Connection, references: Sequence[str]) -> dict[str, Seen]:
    """Return how these payments are now, in one query for all."""
    cursor = await connection.execute(_LOOK, {"references": list(references)})
    return {
        row["reference"]: (row["lock_version"], row["authorization_url"])
        for row in await cursor.fetchall()
    }
