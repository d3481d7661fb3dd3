"""Windows in Redis: one for all processes.

All requests that come while Redis is on its way to an answer are asked about together, in one trip
over one connection, and those that count in one window by one run of the script; so is what is
given back. A trip that fails fails all who wait by then: nobody waits for one trip after another.
The driver's own way to an answer costs an event loop several times what this one does.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from limits.aio.storage.redis.bridge import RedisBridge
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import NoScriptError, RedisError, ResponseError

from ingress.api.ending import ended
from ingress.api.windows import Hit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from redis.asyncio import ConnectionPool
    from redis.asyncio.connection import AbstractConnection

    from ingress.api.windows import Window

    Waiting = Mapping[Window, Sequence[asyncio.Future[Hit]]]


class _Returned(NamedTuple):
    """A request that is to be counted no more, and what tells that it is not."""

    key: str
    at_s: str
    done: asyncio.Future[None]


class _Script(NamedTuple):
    """A script, and the name under which Redis remembers it."""

    text: str
    sha1: str

    @classmethod
    def of(cls, text: str) -> _Script:
        return cls(text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())


_HIT = _Script.of(f"""
local function acquire(KEYS, ARGV)
{RedisBridge.SCRIPT_ACQUIRE_MOVING_WINDOW.decode()}
end
local function window(KEYS, ARGV)
{RedisBridge.SCRIPT_MOVING_WINDOW.decode()}
end
local now, limit, period = ARGV[1], ARGV[2], ARGV[3]
local taken = 0
while taken < tonumber(ARGV[4]) and acquire(KEYS, {{now, limit, period, 1}}) do
    taken = taken + 1
end
local found = window(KEYS, {{tonumber(now) - tonumber(period), limit}}) or {{now, 0}}
return string.format('%d %d %s', found[2] - taken, taken, found[1])
""")
"""The library's own scripts, unchanged, once for each request and then to tell how it stands. ARGV:
now, limit, period, requests. Answers how many there were, how many of these came to them and the
time of the oldest."""

_GIVE_BACK = _Script.of("return redis.call('lrem', KEYS[1], 1, tonumber(ARGV[1]))")
"""The number is written by whoever wrote it when it was counted, so the two are equal."""


KNOWN = (RedisError, OSError, TimeoutError)
"""What a trip to Redis may end with; whatever else it ends with is told as a lost connection."""


class SharedWindows:
    """Counted in Redis. Raises what its client raises, TimeoutError after `trip_s_max`."""

    def __init__(self, pool: ConnectionPool, *, key_prefix: str, trip_s_max: float) -> None:
        self._prefix = key_prefix
        self._trip_s_max = trip_s_max
        self._connection = pool.make_connection()  # type: ignore[no-untyped-call]
        self._waiting: dict[Window, list[asyncio.Future[Hit]]] = {}
        self._returned: list[_Returned] = []
        self._task: asyncio.Task[None] | None = None

    async def hit(self, window: Window) -> Hit:
        """Count one request unless it is one too many."""
        answered: asyncio.Future[Hit] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(window, []).append(answered)
        self._set_out()
        return await answered

    async def give_back(self, window: Window, at_s: float) -> None:
        """Count the request that came then no more."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._returned.append(_Returned(self._key(window), repr(at_s), done))
        self._set_out()
        await done

    async def close(self) -> None:
        """Let go of the connection."""
        if self._task is not None:
            await ended([self._task])
        await self._connection.disconnect(nowait=True)

    def _set_out(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._ask())

    async def _ask(self) -> None:
        """Answer all who wait, and those who come meanwhile; a failure is one for all of them."""
        while self._waiting or self._returned:
            waiting, self._waiting = self._waiting, {}
            returned, self._returned = self._returned, []
            try:
                await self._count(waiting)
                await self._take_back(returned)
            except Exception as error:  # noqa: BLE001 - who waits here waits for nothing else
                known = error if isinstance(error, KNOWN) else ConnectionLost("an odd answer")
                _fail((*_all(waiting, returned), *_all(self._waiting, self._returned)), known)
                self._waiting, self._returned = {}, []
            finally:
                _fail(_all(waiting, returned), ConnectionLost("it was not counted"))

    async def _take_back(self, returned: Sequence[_Returned]) -> None:
        await self._trip(_GIVE_BACK, [(each.key, each.at_s) for each in returned])
        for each in returned:
            if not each.done.done():
                each.done.set_result(None)

    async def _count(self, waiting: Waiting) -> None:
        now_s = time.time()
        asked = [
            (self._key(each), repr(now_s), each.rate.requests, each.rate.period_s, len(who))
            for each, who in waiting.items()
        ]
        answers = await self._trip(_HIT, asked)
        for (window, who), answer in zip(waiting.items(), answers, strict=True):
            before, taken, oldest_at_s = answer.split()
            reset_at_s = float(oldest_at_s) + window.rate.period_s
            for number, answered in enumerate(who):
                is_within = number < int(taken)
                count = int(before) + (number + 1 if is_within else int(taken))
                if not answered.done():
                    left = window.rate.requests - count
                    answered.set_result(Hit(is_within, left, reset_at_s, now_s))

    async def _trip(self, script: _Script, asked: Sequence[Sequence[Any]]) -> list[bytes]:
        """Run the script for each of them; a connection that was lost while idle is made anew.

        One that is lost on the way is asked again as well: a request counted twice does less harm
        than all of them counted nowhere.
        """
        if not asked:
            return []
        async with asyncio.timeout(self._trip_s_max):
            if not self._connection.is_connected:
                return await self._run(script, asked)
            try:
                return await self._run(script, asked)
            except ConnectionLost:
                return await self._run(script, asked)

    async def _run(self, script: _Script, asked: Sequence[Sequence[Any]]) -> list[bytes]:
        try:
            return await self._exchange([("EVALSHA", script.sha1, 1, *each) for each in asked])
        except NoScriptError:
            await self._exchange([("SCRIPT LOAD", script.text)])
            return await self._exchange([("EVALSHA", script.sha1, 1, *each) for each in asked])

    async def _exchange(self, commands: Sequence[Sequence[Any]]) -> list[bytes]:
        """Send all and return what is answered. A connection that fails is closed."""
        connection = self._connection
        packed = connection.pack_commands(commands)
        try:
            await connection.send_packed_command(packed, check_health=False)
            answers = [await _answer(connection) for _ in commands]
        except BaseException:
            await connection.disconnect(nowait=True)
            raise
        for answer in answers:
            if isinstance(answer, RedisError):
                raise answer
        return answers

    def _key(self, window: Window) -> str:
        name, rate, who = window
        return f"{self._prefix}:{name}:{rate.requests}/{rate.period_s}:{who}"


async def _answer(connection: AbstractConnection) -> Any:
    """Return the answer, or the error that is one: what follows it has still to be read."""
    try:
        return await connection.read_response(disable_decoding=True)
    except ResponseError as error:
        return error


def _all(waiting: Waiting, returned: Sequence[_Returned]) -> list[asyncio.Future[Any]]:
    """Return all that is waited for."""
    return [*itertools.chain.from_iterable(waiting.values()), *[each.done for each in returned]]


def _fail(awaited: Iterable[asyncio.Future[Any]], error: Exception) -> None:
    for each in awaited:
        if not each.done():
            each.set_exception(error)
