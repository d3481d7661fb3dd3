"""Serving a world on a port of this machine: in this process, or in a thread of it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from typing import TYPE_CHECKING, TypeVar

import uvicorn

from tests.simulator.api.application import application
from tests.simulator.api.post_office import PostOffice
from tests.simulator.api.protocol import Protocol
from tests.simulator.stoppable import Stoppable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from starlette.applications import Starlette

    from tests.simulator.api.post_office import Postage
    from tests.simulator.api.world import World

HOST = "127.0.0.1"
BACKLOG = 1_024
START_S_MAX = 10.0
STOP_S_MAX = 10.0
ACT_S_MAX = 10.0

T = TypeVar("T")


class Server:
    """One world on one port."""

    def __init__(self, world: World, postage: Postage | None, *, port: int = 0) -> None:
        self.world = world
        self.post: PostOffice | None = None
        self._postage = postage
        self._socket = _listening(port)
        self.origin = f"http://{HOST}:{self._socket.getsockname()[1]}"
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_up = threading.Event()
        config = uvicorn.Config(
            application(world, self._lifespan),
            http=Protocol,
            loop="asyncio",
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            # An answer that hangs is not waited for, and nothing is said of it.
            timeout_graceful_shutdown=0,
            log_level="critical",
        )
        self._server = Stoppable(config)

    def serve(self) -> None:
        """Serve until told to stop, by a signal where this is the main thread."""
        self._server.run(sockets=[self._socket])

    @contextlib.contextmanager
    def in_thread(self) -> Iterator[None]:
        """Serve in a thread until the end of the context."""
        thread = threading.Thread(target=self.serve, name="simulator", daemon=True)
        thread.start()
        try:
            if not self._is_up.wait(START_S_MAX):
                raise TimeoutError("the simulator has not started")
            yield
        finally:
            self._server.stop()
            thread.join(STOP_S_MAX)
            self._socket.close()

    def do(self, act: Callable[[], T]) -> T:
        """Do something in the world from another thread, between two requests."""
        if self._loop is None:
            raise RuntimeError("the simulator does not run")

        async def done() -> T:
            return act()

        return asyncio.run_coroutine_threadsafe(done(), self._loop).result(ACT_S_MAX)

    @contextlib.asynccontextmanager
    async def _lifespan(self, app: Starlette) -> AsyncIterator[None]:
        del app
        self._loop = asyncio.get_running_loop()
        async with contextlib.AsyncExitStack() as stack:
            if self._postage is not None:
                self.post = PostOffice(self._postage, self.world.rules.seed)
                await stack.enter_async_context(self.post.open())
                self.world.listeners.append(self.post.take)
                self.world.deliveries = self.post.deliveries
            self._is_up.set()
            yield


def _listening(port: int) -> socket.socket:
    """Return a socket that listens. Unless told its protocol asyncio lets small answers wait."""
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((HOST, port))
    except OSError:
        made.close()
        raise
    made.listen(BACKLOG)
    return made
