"""One edge inside the proxy: a port of the loopback, the server behind it, and all its links."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from typing import TYPE_CHECKING, Any

from tests.chaos.edges.faults import WAYS, Faults
from tests.chaos.edges.link import Link

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from tests.chaos.edges.link import End

BACKLOG = 1_024
CONNECT_S_MAX = 10.0
"""Longest that the server may take to accept; then the client is told that it is away."""


class Gate:
    """Listens from `open` to `close`; every method after that is one thing the lab may ask for.

    `server` is a path of a unix socket, or host and port.
    """

    def __init__(self, server: str | tuple[str, int]) -> None:
        self.faults = Faults()
        self.links: set[Link] = set()
        self.counts: Counter[str] = Counter()
        self._server = server
        self._listening: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> int:
        """Listen; return the port."""
        listener = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
        loop = asyncio.get_running_loop()
        self._listening = await loop.create_server(lambda: Link(self).client, sock=listener)
        port: int = listener.getsockname()[1]
        return port

    async def connect(self, end: End) -> None:
        """Connect this end of a link to the server. Raises OSError when it is away."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(CONNECT_S_MAX):
            if isinstance(self._server, str):
                await loop.create_unix_connection(lambda: end, self._server)
            else:
                await loop.create_connection(lambda: end, *self._server)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run this beside everything else."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def delay(self, *, ms: float, jitter_ms: float) -> None:
        """Let everything arrive later, on each way."""
        self.faults.delay_s, self.faults.jitter_s = ms / 1_000, jitter_ms / 1_000

    def throttle(self, *, bytes_per_s: float) -> None:
        """Let each lane of each link carry no more than this."""
        self.faults.bytes_per_s = bytes_per_s

    def blackhole(self, *, direction: str) -> None:
        """Swallow what goes this way."""
        self.faults.swallowed = WAYS[direction]

    def refuse(self) -> None:
        """Reset whoever connects from now on."""
        self.faults.refuses = True

    def lose_answer(self, *, after: str, count: int) -> None:
        """Lose the answers to the next requests that have this in them."""
        self.faults.lose_after, self.faults.losses_left = bytes.fromhex(after), count

    def drop_next_answer(self) -> None:
        """Lose the next answer of any link."""
        self.faults.drops_next = True

    def reset(self) -> int:
        """Cut every link; return how many there were."""
        links = tuple(self.links)
        for link in links:
            link.reset()
        self.counts["reset"] += len(links)
        return len(links)

    def heal(self) -> None:
        """Have no faults any more."""
        self.faults.heal()
        for link in tuple(self.links):
            link.heal()

    def count(self) -> dict[str, int]:
        """Return what went by so far, and how many links there are."""
        return {**self.counts, "live": len(self.links)}

    def aim(self, *, server: str | list[Any]) -> None:
        """Connect to another server from now on."""
        self._server = server if isinstance(server, str) else (str(server[0]), int(server[1]))
