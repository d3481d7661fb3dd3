"""Connections to one provider account: each carries one call at a time, the last used first.

A pool of the library looks at every connection it has before each call and after it. Here only the
two at the ends are looked at: the one to be used, and the one that has waited longest.
"""

from __future__ import annotations

import contextlib
from collections import deque
from typing import TYPE_CHECKING

import httpcore

from workers.clients import deadline

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator

IDLE_S_MAX = 5.0
"""Seconds a connection waits for another call. Shorter than any provider's own patience, so that
a request is hardly ever sent into a connection that is being closed: nobody knows what becomes of
such a one."""


class Connections:
    """Connections by TLS, or in the clear where `ssl_context` is None. Shared by threads.

    There are as many as calls at once; whoever calls sees to that.
    """

    def __init__(self, base_url: str, ssl_context: ssl.SSLContext | None) -> None:
        self._origin = httpcore.URL(base_url).origin
        self._ssl_context = ssl_context
        self._backend = deadline.DeadlineBackend()
        self._idle: deque[httpcore.HTTPConnection] = deque()
        self._is_closed = False

    @contextlib.contextmanager
    def one(self) -> Iterator[httpcore.HTTPConnection]:
        """Give a connection to the block, which nobody else uses meanwhile."""
        connection = self._newest() or self._made()
        try:
            yield connection
        finally:
            if connection.is_available() and not self._is_closed and not _said_more(connection):
                self._idle.append(connection)
            else:
                connection.close()
            self._close_oldest()

    def close(self) -> None:
        """Close the connections that wait for another call, and those in use after theirs."""
        self._is_closed = True
        while self._idle:
            with contextlib.suppress(IndexError):  # another thread took the last one
                self._idle.pop().close()

    def _newest(self) -> httpcore.HTTPConnection | None:
        """Return the connection used last that is still good, or None."""
        while self._idle:
            try:
                connection = self._idle.pop()
            except IndexError:
                break
            if not connection.has_expired():
                return connection
            connection.close()
        return None

    def _close_oldest(self) -> None:
        """Close the connection that has waited longest, if that was too long."""
        try:
            connection = self._idle.popleft()
        except IndexError:
            return
        if connection.has_expired():
            connection.close()
        else:
            self._idle.appendleft(connection)

    def _made(self) -> httpcore.HTTPConnection:
        """Return one that connects when it is used."""
        return httpcore.HTTPConnection(
            self._origin,
            ssl_context=self._ssl_context,
            keepalive_expiry=IDLE_S_MAX,
            network_backend=self._backend,
        )


def _said_more(connection: httpcore.HTTPConnection) -> bool:
    """Say whether more came with the answer, which the next call would take for its own.

    What comes later is seen by the library, which looks at the socket; what was read with the
    answer it keeps, and does not tell.
    """
    h11_state = connection._connection._h11_state  # type: ignore[union-attr]  # noqa: SLF001
    return bool(h11_state.trailing_data[0])
