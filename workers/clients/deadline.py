"""A deadline for everything a call does on the network, however slowly the other side goes.

A timeout of a single read is no limit: whoever sends one byte a second is never late. Every
operation on a socket is therefore given no more than what is left of its call.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import httpcore

from workers.clients.resolver import RESOLVER

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable, Iterator

    from workers.clients.resolver import Resolver

_UNTIL_S: ContextVar[float] = ContextVar("until_s")


@contextmanager
def ends(until_s: float) -> Iterator[None]:
    """End all network operations of this thread's block at `until_s` of the monotonic clock."""
    token = _UNTIL_S.set(until_s)
    try:
        yield
    finally:
        _UNTIL_S.reset(token)


def left_s(at_most_s: float | None, error: type[httpcore.TimeoutException]) -> float:
    """Return how long the next operation may take. Raises `error` where nothing is left."""
    rest_s = _UNTIL_S.get() - time.monotonic()
    if rest_s <= 0:
        raise error("the call's time is over")
    return rest_s if at_most_s is None else min(rest_s, at_most_s)


class DeadlineStream(httpcore.NetworkStream):
    """A connection whose every operation ends in time for the call that uses it just now."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read what is there."""
        return self._stream.read(max_bytes, left_s(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write all of it; our requests fit into the socket's buffer."""
        self._stream.write(buffer, left_s(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        """Close."""
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        """Shake hands; the certificate is checked against the host of the settings."""
        allowed_s = left_s(timeout, httpcore.ConnectTimeout)
        return DeadlineStream(self._stream.start_tls(ssl_context, server_hostname, allowed_s))

    def get_extra_info(self, info: str) -> Any:
        """Return what is known of the socket."""
        return self._stream.get_extra_info(info)


class DeadlineBackend(httpcore.NetworkBackend):
    """Opens connections within the time of the call, the search for addresses included."""

    def __init__(self, resolver: Resolver = RESOLVER) -> None:
        self._backend = httpcore.SyncBackend()
        self._resolver = resolver

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Try the host's addresses in the resolver's order. Raises what the last one raised."""
        failed: Exception = httpcore.ConnectError("the host has no address")
        within_s = left_s(timeout, httpcore.ConnectTimeout)
        for address in self._resolver.find(host, port, within_s=within_s):
            allowed_s = left_s(timeout, httpcore.ConnectTimeout)
            try:
                return DeadlineStream(
                    self._backend.connect_tcp(
                        address, port, allowed_s, local_address, socket_options
                    )
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
        self._resolver.distrust(host, port)
        raise failed
