"""Health: whether Postgres commits and Redis hears, asked rarely and answered at once."""

from __future__ import annotations

import asyncio
import importlib.metadata
from dataclasses import dataclass
from typing import TYPE_CHECKING

import redis.asyncio
from pydantic_core import to_json
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from domain.wakeup import PROBE_KEY, PROBE_LIVES_MS
from ingress import gate, problems, statements, store
from ingress.errors import MethodNotAllowed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.types import Receive, Scope, Send

    from ingress.group_commit import GroupCommit
    from ingress.store import Connection

ASK_S_MAX = 0.5
"""Seconds in which a store must answer to count as there."""

FRESH_S = 0.5
"""Seconds for which an answer is given again without asking, so that a flood asks nothing."""

JSON = (b"content-type", b"application/json")


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found when the stores were last asked."""

    postgres: bool = False
    schema: bool = False
    redis: bool = False
    at_s: float = float("-inf")


class Health:
    """Asks both stores over connections of its own."""

    def __init__(
        self,
        open_: Callable[[], Awaitable[Connection]],
        redis_url: str,
        group_commit: GroupCommit,
    ) -> None:
        self._open = open_
        self._connection: Connection | None = None
        self._redis = _client(redis_url)
        self._group_commit = group_commit
        self._findings = Findings()
        self._asking: asyncio.Task[Findings] | None = None

    async def health(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 200 while Postgres is there, with or without Redis; else 503."""
        del receive
        _require_method(scope, b"GET, POST, HEAD")
        found = await self._found()
        await _answer(
            scope,
            send,
            ok=found.postgres,
            fields={
                "postgres": "ok" if found.postgres else "away",
                "redis": "ok" if found.redis else "degraded",
                "version": version(),
            },
        )

    async def livez(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 200: the process runs and its loop turns."""
        del receive
        _require_method(scope, b"GET, HEAD")
        await _answer(scope, send, ok=True, fields={})

    async def readyz(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 200 when deliveries can be kept: writers connected, schema there."""
        del receive
        _require_method(scope, b"GET, HEAD")
        found = await self._found()
        writers = self._group_commit.is_connected
        await _answer(
            scope,
            send,
            ok=found.schema and writers,
            fields={"writers": writers, "schema": found.schema},
        )

    async def close(self) -> None:
        """Let go of both connections, once the question that is under way has ended.

        That takes a moment at most (`ASK_S_MAX`); it may just be opening one of them.
        """
        if self._asking is not None:
            await asyncio.gather(self._asking, return_exceptions=True)
        await self._disconnect()
        await self._redis.aclose()

    async def _found(self) -> Findings:
        """Return findings of at most `FRESH_S` ago; whoever asks meanwhile shares the answer."""
        loop = asyncio.get_running_loop()
        if loop.time() - self._findings.at_s < FRESH_S:
            return self._findings
        if self._asking is None or self._asking.done():
            self._asking = loop.create_task(self._ask())
        self._findings = await asyncio.shield(self._asking)
        return self._findings

    async def _ask(self) -> Findings:
        (postgres, schema), redis_hears = await asyncio.gather(
            self._ask_postgres(), self._ask_redis()
        )
        now_s = asyncio.get_running_loop().time()
        return Findings(postgres=postgres, schema=schema, redis=redis_hears, at_s=now_s)

    async def _ask_postgres(self) -> tuple[bool, bool]:
        try:
            async with asyncio.timeout(ASK_S_MAX):
                self._connection = self._connection or await self._open()
            return True, await store.within(
                self._connection, _has_schema(self._connection), limit_s=ASK_S_MAX
            )
        except (*store.AWAY, TimeoutError):
            await self._disconnect()
            return False, False

    async def _ask_redis(self) -> bool:
        """Ask for a write: a Redis that is full or read-only answers PING, but rings for nobody."""
        try:
            async with asyncio.timeout(ASK_S_MAX):
                return bool(await self._redis.set(PROBE_KEY, b"", px=PROBE_LIVES_MS))
        except (RedisError, OSError, TimeoutError):
            return False

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await store.close(connection)


def version() -> str:
    """Return the version of the installed package; a checkout that is not installed has none."""
    try:
        return importlib.metadata.version("payratchet")
    except importlib.metadata.PackageNotFoundError:
        return "unreleased"


async def _has_schema(connection: Connection) -> bool:
    cursor = await connection.execute(statements.HEALTH)
    row = await cursor.fetchone()
    return row is not None and bool(row[0])


async def _answer(scope: Scope, send: Send, *, ok: bool, fields: dict[str, object]) -> None:
    body = to_json({"status": "ok" if ok else "unavailable", **fields})
    request_id = gate.head_of(scope).request_id.encode()
    headers = [JSON, (b"cache-control", b"no-store"), (b"x-request-id", request_id)]
    await problems.answer(send, 200 if ok else 503, body, headers)


def _require_method(scope: Scope, allow: bytes) -> None:
    if scope["method"].encode() not in allow.split(b", "):
        raise MethodNotAllowed(allow)


def _client(redis_url: str) -> redis.asyncio.Redis:
    return redis.asyncio.Redis.from_url(
        redis_url,
        socket_timeout=ASK_S_MAX,
        socket_connect_timeout=ASK_S_MAX,
        retry=Retry(NoBackoff(), 0),
    )
