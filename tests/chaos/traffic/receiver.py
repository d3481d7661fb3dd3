"""A receiver for the traffic's own tests: it fails as it is told, and remembers what came."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable


class Received(NamedTuple):
    """One request."""

    head: str
    body: bytes

    def header(self, name: str) -> str:
        """Return the value of a header; empty where it is not there."""
        for line in self.head.split("\r\n")[1:]:
            found, _, value = line.partition(": ")
            if found == name:
                return value
        return ""


HANG_UP, SAY_NOTHING = "", "nothing"
"""What a receiver may do instead of answering."""


def written(status: int, body: str, *headers: str) -> str:
    """Return an answer as it goes over the wire."""
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}", *headers, "", body]
    return "\r\n".join(lines)


@dataclass
class Receiver:
    """`answer` says what to answer to a request: bytes as text, HANG_UP or SAY_NOTHING."""

    answer: Callable[[Received], str]
    received: list[Received] = field(default_factory=list)
    url: str = ""
    _serving: set[asyncio.Task[None]] = field(default_factory=set)

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[Receiver]:
        """Listen on the loopback until the block ends."""
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield self
        finally:
            server.close()
            for task in self._serving:
                task.cancel()
            await asyncio.gather(*self._serving, return_exceptions=True)
            await asyncio.sleep(0)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # it is a coroutine of one
        self._serving.add(task)
        try:
            await self._serve(reader, writer)
        except asyncio.CancelledError:
            pass  # the block has ended; asyncio would report it as an error
        finally:
            writer.close()
            self._serving.discard(task)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                request = Received(head, b"")
                body = await reader.readexactly(int(request.header("content-length") or 0))
                request = Received(head, body)
                self.received.append(request)
                said = self.answer(request)
                if said == HANG_UP:
                    break
                if said != SAY_NOTHING:
                    writer.write(said.encode())
