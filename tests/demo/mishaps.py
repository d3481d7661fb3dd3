"""Mishaps: what is killed, and when, while the traffic runs."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg
import redis

from domain.wakeup import BROKER_NAMESPACE
from tests.demo import stage as staging
from tests.demo.errors import NotQuiet
from tests.local import readiness

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.demo.stage import Stage

_CALLS = "SELECT FROM provider_calls WHERE ended_at IS NULL LIMIT 1"
_LOCKS = f"{BROKER_NAMESPACE}:lock:*"
POLL_S = 0.01
BACK_S_MAX = 60.0
UNHURRIED_S_MAX = 2.0
"""How long the worker is spared while it calls a provider. Who takes over waits until such a call
must be dead, half a minute: the soak does that all the time, and nobody wants to watch it."""

VALKEY_AWAY_S = 1.0
"""Long enough for workers to notice, and to take their work straight from Postgres."""


@dataclass(frozen=True, slots=True)
class Mishap:
    """What happened, and what came of it."""

    what: str
    after_answers: int
    effect: str


class Mishaps:
    """Strikes as the share of answered deliveries rises; `done` tells what happened."""

    def __init__(self, stage: Stage, *, total: int) -> None:
        self.done: list[Mishap] = []
        self._stage = stage
        self._total = total
        self._answered = 0
        self._moved = asyncio.Event()

    def answered(self, count: int) -> None:
        """Take note of how many deliveries have been answered."""
        self._answered = count
        self._moved.set()

    async def strike(self) -> None:
        """Do them all, each when its time has come."""
        plan: list[tuple[float, Callable[[], Awaitable[tuple[str, str]]]]] = [
            (0.15, self._forget_doorbells),
            (0.35, self._kill_worker),
            (0.65, self._kill_web),
        ]
        if self._stage.owns_redis:
            plan.append((0.85, self._kill_valkey))
        for share, act in plan:
            await self._until(round(share * self._total))
            answered = self._answered
            what, effect = await act()
            self.done.append(Mishap(what, answered, effect))

    async def _until(self, answers: int) -> None:
        while self._answered < answers:
            self._moved.clear()
            await self._moved.wait()

    async def _forget_doorbells(self) -> tuple[str, str]:
        forgotten = staging.forget_doorbells(self._stage.environment["REDIS_URL"])
        return (
            "every message in Valkey deleted",
            f"{forgotten} keys gone; the work rows are in Postgres, and the relay rings again",
        )

    async def _kill_worker(self) -> tuple[str, str]:
        await asyncio.to_thread(_until_nobody_is_called, self._stage)
        pid, back_s = await self._kill("worker")
        return (
            f"worker {pid} killed with SIGKILL",
            f"its transaction rolled back; started again after {back_s:.1f} s",
        )

    async def _kill_web(self) -> tuple[str, str]:
        began_s = time.monotonic()
        pid, _ = await self._kill("web")
        port = int(self._stage.environment["PORT"])
        while not await asyncio.to_thread(readiness.is_ready, port):
            await _patiently(began_s, "web")
        back_s = time.monotonic() - began_s
        return (
            f"web {pid} killed with SIGKILL",
            f"answering again after {back_s:.1f} s; providers repeat what got no answer",
        )

    async def _kill_valkey(self) -> tuple[str, str]:
        valkey = self._stage.stores.valkey
        pid = valkey.pid
        valkey.kill()
        await asyncio.sleep(VALKEY_AWAY_S)
        # From this thread: the kernel ends the store with the thread that started it.
        valkey.start()
        return (
            f"Valkey {pid} killed with SIGKILL",
            f"away for {VALKEY_AWAY_S:.0f} s; webhooks were answered 200 meanwhile",
        )

    async def _kill(self, name: str) -> tuple[int, float]:
        """Kill a process; return its pid, and after how long another one ran."""
        supervisor = self._stage.service.supervisor
        pid = supervisor.pids[name]
        restarts = supervisor.restarts[name]
        began_s = time.monotonic()
        os.kill(pid, signal.SIGKILL)
        while supervisor.restarts[name] == restarts:
            await _patiently(began_s, name)
        return pid, time.monotonic() - began_s


def _until_nobody_is_called(stage: Stage) -> None:
    """Return once no call of a provider is under way or about to be, or after UNHURRIED_S_MAX."""
    until_s = time.monotonic() + UNHURRIED_S_MAX
    with (
        psycopg.connect(stage.database_url, autocommit=True) as connection,
        redis.Redis.from_url(stage.environment["REDIS_URL"]) as client,
    ):
        while time.monotonic() < until_s and (
            connection.execute(_CALLS).fetchone() is not None
            or next(client.scan_iter(match=_LOCKS, count=1000), None) is not None
        ):
            time.sleep(POLL_S)


async def _patiently(began_s: float, name: str) -> None:
    if time.monotonic() - began_s > BACK_S_MAX:
        raise NotQuiet(f"{name} was killed and not back within {BACK_S_MAX:.0f} s.")
    await asyncio.sleep(POLL_S)
