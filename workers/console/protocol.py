"""The HTTP protocol: uvicorn's, with an end to what a slow or silent sender can hold open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    import asyncio

HEAD_BYTES_MAX = 16_384
"""Bytes of a request's head."""

ARRIVAL_S_MAX = 15.0
"""Seconds for a request to arrive in full, and for an answer to be read."""

LOOK_S = 1.0
"""Seconds between two looks at a connection."""

CONNECTIONS_MAX = 200
"""Connections at a time; operators are few, and a browser keeps up to six."""


class Protocol(H11Protocol):
    """One connection. `_due_since_s`: since when the client owes us something, None: nothing."""

    arrival_s_max = ARRIVAL_S_MAX
    look_s = LOOK_S
    _timer: asyncio.TimerHandle | None = None
    _due_since_s: float | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection, unless there are too many."""
        super().connection_made(transport)
        if len(self.connections) > CONNECTIONS_MAX:
            transport.abort()
            return
        self._due_since_s = self.loop.time()
        self._timer = self.loop.call_later(self.look_s, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """Begin to count anew: the next request has its own time."""
        self._due_since_s = None
        super().on_response_complete()

    def _look(self) -> None:
        self._timer = self.loop.call_later(self.look_s, self._look)
        is_arriving = self.conn.their_state in {h11.IDLE, h11.SEND_BODY}
        if not is_arriving and not self.transport.get_write_buffer_size():
            self._due_since_s = None
        elif self._due_since_s is None:
            self._due_since_s = self.loop.time()
        elif self.loop.time() - self._due_since_s >= self.arrival_s_max:
            self.transport.abort()
