"""One HTTP/1.1 connection that is kept open: a tenth of what a full client costs.

The simulator shares its machine with what it tries, so its own cost counts.
"""

from __future__ import annotations

import asyncio
import contextlib
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

HEAD_BYTES_MAX = 16_384
"""Bytes of the head of an answer."""

HEAD_END = b"\r\n\r\n"

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Response(NamedTuple):
    """What came back; the names of its headers are in lower case, as are their values."""

    status: int
    body: bytes
    headers: Mapping[str, str] = MappingProxyType({})


class NoAnswer(Exception):
    """The request may or may not have arrived: nothing came back that could be read."""


class Connection:
    """Sends one request at a time; connects when it must, and anew after every failure.

    An answer must say its length, unless only its status `is_status_enough`.
    """

    def __init__(
        self, host: str, port: int, *, answer_s_max: float, is_status_enough: bool = False
    ) -> None:
        self._host = host
        self._port = port
        self._answer_s_max = answer_s_max
        self._is_status_enough = is_status_enough
        self._stream: Stream | None = None

    async def post(self, path: str, headers: Mapping[str, str], body: bytes) -> Response:
        """Send a POST and return its answer; raises NoAnswer."""
        return await self.request("POST", path, headers, body)

    async def request(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes = b""
    ) -> Response:
        """Send a request and return its answer; raises NoAnswer."""
        lines = [
            f"{method} {path} HTTP/1.1",
            f"host: {self._host}:{self._port}",
            f"content-length: {len(body)}",
            *(f"{name}: {value}" for name, value in headers.items()),
        ]
        try:
            async with asyncio.timeout(self._answer_s_max):
                return await self._exchange("\r\n".join(lines).encode() + HEAD_END + body)
        except (OSError, EOFError, ValueError, LookupError, asyncio.LimitOverrunError) as error:
            await self.close()
            raise NoAnswer(type(error).__name__) from error

    async def close(self) -> None:
        """Close it; the next request opens it again."""
        stream, self._stream = self._stream, None
        if stream is not None:
            stream[1].close()
            with contextlib.suppress(OSError):
                await stream[1].wait_closed()

    async def _exchange(self, request: bytes) -> Response:
        reader, writer = self._stream = self._stream or await self._open()
        writer.write(request)
        await writer.drain()
        head = (await reader.readuntil(HEAD_END)).decode("latin-1").lower()
        status_line, *lines = head.splitlines()
        headers = dict(line.split(": ", 1) for line in lines if line)
        if self._is_status_enough and "content-length" not in headers:
            await self.close()
            return Response(int(status_line.split()[1]), b"")
        answer = await reader.readexactly(int(headers["content-length"]))
        if headers.get("connection") == "close":
            await self.close()
        return Response(int(status_line.split()[1]), answer, headers)

    async def _open(self) -> Stream:
        return await asyncio.open_connection(self._host, self._port, limit=HEAD_BYTES_MAX)
