"""Giving an answer: whole, late, drop by drop, in part or not at all."""

from __future__ import annotations

import asyncio
import socket
import struct
from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.responses import Response

from tests.simulator.api.protocol import transport_of

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from tests.simulator.api.operation import Answer

JSON = "application/json"
DRIPS_MAX = 200
"""Pieces of an answer that drips; a long one drips in larger drops."""

LINGER_NONE = struct.pack("ii", 1, 0)
"""Closing resets: what was not sent is thrown away, and the peer sees an error."""


class Wire:
    """The way back to one caller."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._scope, self._receive, self._send = scope, receive, send
        self._transport = transport_of(scope)

    async def give(self, answer: Answer, *, media_type: str = JSON) -> None:
        """Give an answer as it should be."""
        response = Response(
            answer.body, answer.status, headers=dict(answer.headers), media_type=media_type
        )
        await response(self._scope, self._receive, self._send)

    async def close(self) -> None:
        """Close the connection without a word."""
        self._transport.close()
        await self._gone()

    async def reset(self) -> None:
        """Break the connection, so that the caller's system says it was reset."""
        connection = self._transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NONE)
        self._transport.abort()
        await self._gone()

    async def truncate(self, answer: Answer) -> None:
        """Give the first half of an answer that is announced whole, and close."""
        self._transport.write(_written(answer)[: -max(1, len(answer.body) // 2)])
        await self.close()

    async def drip(self, answer: Answer, *, within_s: float) -> bool:
        """Give an answer so slowly that it takes so long; whether the caller heard it out.

        The connection is the caller's to close, or `close`'s.
        """
        written = _written(answer)
        size = -(-len(written) // DRIPS_MAX)
        drops = [written[begin : begin + size] for begin in range(0, len(written), size)]
        for drop in drops:
            if self._transport.is_closing():
                return False
            await asyncio.sleep(within_s / len(drops))
            self._transport.write(drop)
        return True

    @property
    def is_heard(self) -> bool:
        """Whether the caller is still there, as far as is known here."""
        return not self._transport.is_closing()

    async def _gone(self) -> None:
        """Wait until uvicorn knows, or it would answer for us."""
        while (await self._receive())["type"] != "http.disconnect":
            pass


def _written(answer: Answer) -> bytes:
    phrase = HTTPStatus(answer.status).phrase
    headers = {"content-type": JSON, "content-length": str(len(answer.body)), **answer.headers}
    lines = [f"HTTP/1.1 {answer.status} {phrase}", "connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + answer.body
