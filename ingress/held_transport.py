"""One packet an answer, where uvicorn would send two."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
"""What uvicorn writes before an answer, to a client that asked whether to send its body."""


class HeldTransport(asyncio.Transport):
    """The transport of one answer: holds its parts, so that they leave in one packet.

    uvicorn writes head and body apart, which costs both sides nearly as much again as a whole
    small request. All our answers are small and sent at once.
    """

    def __init__(self, transport: asyncio.Transport, close: Callable[[], None]) -> None:
        super().__init__()
        self._transport = transport
        self._close = close
        self._parts: list[bytes] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Hold the part; pass on what asks the client to go on sending."""
        self._parts.append(bytes(data))
        if data == CONTINUE:
            self.flush()

    def flush(self) -> None:
        """Send what is held, unless the client has gone: uvloop raises then, asyncio would not."""
        parts, self._parts = self._parts, []
        if parts and not self._transport.is_closing():
            self._transport.write(b"".join(parts))

    def close(self) -> None:
        """Send what is held, then close in the connection's own way."""
        self.flush()
        self._close()

    def is_closing(self) -> bool:
        """Say whether nothing more can be sent."""
        return self._transport.is_closing()
