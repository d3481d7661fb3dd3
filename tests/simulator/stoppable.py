"""A uvicorn in a thread that stops as soon as it is told to, for tests that start one each.

By itself it looks ten times a second whether to stop, and then waits for a tenth of a second more.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import uvicorn

if TYPE_CHECKING:
    import socket

LOOK_S = 0.1
"""How often it is looked whether a signal has come."""

TURNS_TO_HANG_UP = 3
"""Turns of the loop after which a connection that was closed is known to be."""


class Stoppable(uvicorn.Server):
    """Stops in a millisecond where nobody is being answered, else as uvicorn does."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_told = asyncio.Event()

    def stop(self) -> None:
        """Tell it from another thread."""
        self.should_exit = True
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # it has ended by itself
                self._loop.call_soon_threadsafe(self._is_told.set)

    async def main_loop(self) -> None:
        """Serve until told to stop; a signal is seen at the next look."""
        self._loop = asyncio.get_running_loop()
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._is_told.wait(), LOOK_S)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Hang up; wait only where somebody is still being answered."""
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        for _ in range(TURNS_TO_HANG_UP):
            await asyncio.sleep(0)
        if self.server_state.connections or self.server_state.tasks:
            await super().shutdown(sockets)
            return
        for each in sockets or ():
            each.close()
        await self.lifespan.shutdown()
