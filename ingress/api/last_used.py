"""Last used: when each key was last used, written down now and then and never waited for."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING

from ingress import lasting
from ingress.errors import StoreUnavailable

if TYPE_CHECKING:
    from ingress.api.operation import Connection
    from ingress.api.pool import Pool

NOTE_S = 60
"""Seconds in which a key's use is written down once at the most."""

FLUSH_S = 2.0
"""Seconds that uses wait for company."""

PREFIXES_MAX = 10_000
"""Keys remembered; there are far fewer clients."""

_WRITE = f"""
    UPDATE api_keys SET last_used_at = now()
    WHERE prefix = ANY(%(prefixes)s)
      AND (last_used_at IS NULL OR last_used_at < now() - interval '{NOTE_S} s')
"""


class LastUsed:
    """Collects the prefixes of keys that were used, and writes them on a task of its own."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._noted_s: dict[str, float] = {}
        self._waiting: set[str] = set()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to write."""
        self._task = lasting.start(self._run(), name="last used")

    async def stop(self) -> None:
        """Write what waits, if the store is there."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self._write()

    def knows(self, prefix: str) -> bool:
        """Say whether a valid key with this prefix was used here."""
        return prefix in self._noted_s

    def note(self, prefix: str) -> None:
        """Note that the key was used now."""
        now_s = time.monotonic()
        if now_s - self._noted_s.get(prefix, float("-inf")) < NOTE_S:
            return
        if len(self._noted_s) >= PREFIXES_MAX:
            self._noted_s.clear()
        self._noted_s[prefix] = now_s
        self._waiting.add(prefix)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_S)
            await self._write()

    async def _write(self) -> None:
        """Write what waits. What cannot be written is forgotten: the next use comes soon."""
        prefixes, self._waiting = sorted(self._waiting), set()
        if not prefixes:
            return

        async def write(connection: Connection) -> None:
            await connection.execute(_WRITE, {"prefixes": prefixes})

        with contextlib.suppress(StoreUnavailable):
            await self._pool.use(write)
