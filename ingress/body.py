"""Bodies: counted while they arrive, so that none is ever cut and kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingress.errors import BodyTooLarge, ClientGone, Overloaded

if TYPE_CHECKING:
    from starlette.types import Receive

HELD_BYTES_MAX = 67_108_864
"""Bytes of bodies that are still arriving, in this process; beyond it new ones are refused."""


class Bodies:
    """Reads bodies of at most `bytes_max` each, and of `HELD_BYTES_MAX` at any one time."""

    def __init__(self, *, bytes_max: int) -> None:
        self.bytes_max = bytes_max
        self._held_bytes = 0

    async def read(self, receive: Receive, *, content_length: int | None) -> bytes:
        """Return the whole body, exactly as sent.

        Raises BodyTooLarge as soon as one byte too many is announced or has come, Overloaded
        when too many arrive at once, ClientGone when the rest will never come.
        """
        if content_length is not None and content_length > self.bytes_max:
            raise self._too_large()
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        body: bytes = message.get("body", b"")
        if len(body) > self.bytes_max:
            raise self._too_large()
        if message.get("more_body", False):
            return await self._rest(receive, body)
        return body

    async def _rest(self, receive: Receive, first: bytes) -> bytes:
        body = bytearray(first)
        self._held_bytes += len(first)
        try:
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientGone
                part = message.get("body", b"")
                self._held_bytes += len(part)
                body += part
                self._require_room(body)
                if not message.get("more_body", False):
                    return bytes(body)
        finally:
            self._held_bytes -= len(body)

    def _require_room(self, body: bytearray) -> None:
        if len(body) > self.bytes_max:
            raise self._too_large()
        if self._held_bytes > HELD_BYTES_MAX:
            raise Overloaded("too many large bodies arrive at once")

    def _too_large(self) -> BodyTooLarge:
        return BodyTooLarge(f"the body has more than {self.bytes_max} bytes")
