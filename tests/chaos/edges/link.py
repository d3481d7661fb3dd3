"""One connection through an edge: the client's end, the server's end, and a lane each way."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from typing import TYPE_CHECKING, cast

from tests.chaos.edges.faults import Way
from tests.chaos.edges.lane import Lane

if TYPE_CHECKING:
    from tests.chaos.edges.gate import Gate

LINGER_NOT = struct.pack("ii", 1, 0)
"""SO_LINGER: closing throws away what is under way and tells the peer by a reset."""


class End(asyncio.Protocol):
    """One socket of a link. Reads only while nothing asks it to pause.

    What is written before it is connected is sent then: uvloop lets nobody pause a connection from
    its very beginning.
    """

    def __init__(self, link: Link) -> None:
        self.link = link
        self.lane: Lane
        self.is_lost = False
        self.has_ended = False
        self._is_finished = False
        self._transport: asyncio.Transport | None = None
        self._pausing: set[str] = set()
        self._early: list[bytes] = []
        self._finished_early_by: End | None = None

    @property
    def is_connected(self) -> bool:
        """Whether there ever was somebody."""
        return self._transport is not None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)
        early, self._early = self._early, []
        for data in early:
            self.write(data)
        if self._finished_early_by is not None:
            self.finish(self._finished_early_by)
        self.link.opened(self)

    def data_received(self, data: bytes) -> None:
        """Pass on."""
        self.lane.feed(data)

    def eof_received(self) -> bool:
        """Pass on; the other direction stays open."""
        self._end_once()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the other end, as soon as all that was said before has arrived there."""
        del exc
        self.is_lost = True
        self._end_once()
        self.link.lost(self)

    def pause_writing(self) -> None:
        """Have the other end read no more: this one takes no more."""
        self.link.other(self).pause("full")

    def resume_writing(self) -> None:
        """Let the other end read again."""
        self.link.other(self).resume("full")

    def write(self, data: bytes) -> None:
        """Send, where there still is somebody."""
        if self._transport is None:
            self._early.append(data)
        elif not self.is_lost:
            self._transport.write(data)

    def finish(self, source: End) -> None:
        """Take it that the source has no more to say, or is gone altogether."""
        if self._transport is None:
            self._finished_early_by = source
            return
        if self.is_lost:
            return
        if source.is_lost or self.has_ended:
            self._transport.close()
        elif not self._is_finished:
            self._is_finished = True
            with contextlib.suppress(OSError, RuntimeError):
                self._transport.write_eof()

    def pause(self, why: str) -> None:
        """Read no more until every reason is gone."""
        if not self._pausing and (transport := self._open_transport()) is not None:
            transport.pause_reading()
        self._pausing.add(why)

    def resume(self, why: str) -> None:
        """Take one reason away."""
        if why not in self._pausing:
            return
        self._pausing.discard(why)
        if not self._pausing and (transport := self._open_transport()) is not None:
            transport.resume_reading()

    def abort(self) -> None:
        """Close at once, with a reset where the socket knows one."""
        transport = self._transport
        if transport is None or self.is_lost:
            return
        sock = transport.get_extra_info("socket")
        if sock is not None and sock.family != socket.AF_UNIX:
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
        transport.abort()

    def _open_transport(self) -> asyncio.Transport | None:
        transport = self._transport
        return None if transport is None or transport.is_closing() else transport

    def _end_once(self) -> None:
        """Say no more; whoever was told the same by the other end is done."""
        if not self.has_ended or self.is_lost:
            self.has_ended = True
            self.lane.end()
        if self._is_finished and self._transport is not None and not self.is_lost:
            self._transport.close()


class Link:
    """Lives from the client's connection until both ends are closed."""

    def __init__(self, gate: Gate) -> None:
        self.loses_next = False
        self.client = End(self)
        self.server = End(self)
        self._gate = gate
        self.client.lane = self._lane(Way.TO_SERVER)
        self.server.lane = self._lane(Way.TO_CLIENT)

    def opened(self, end: End) -> None:
        """Go on: the client is connected, or the server is as well."""
        if end is self.server:
            return
        self._gate.counts["connections"] += 1
        if self._gate.faults.refuses:
            self._gate.counts["refused"] += 1
            end.abort()
            return
        self._gate.links.add(self)
        self._gate.spawn(self._connect())

    def lost(self, end: End) -> None:
        """Go away once both ends have."""
        if self.other(end).is_lost or not self.server.is_connected:
            self._forget()

    def other(self, end: End) -> End:
        """Return the end that is not this one."""
        return self.server if end is self.client else self.client

    def reset(self) -> None:
        """Cut both ends now; whatever is under way is gone."""
        self._forget()
        self.client.abort()
        self.server.abort()

    def heal(self) -> None:
        """Go on without faults. A stream with a hole in it cannot: it is reset."""
        if any(lane.has_hole for lane in self._lanes()):
            self._gate.counts["reset_for_a_hole"] += 1
            self.reset()
            return
        for lane in self._lanes():
            lane.flush()

    async def _connect(self) -> None:
        try:
            await self._gate.connect(self.server)
        except OSError:
            self._gate.counts["server_away"] += 1
            self.reset()
        else:
            if self.client.is_lost:
                self.server.abort()

    def _lane(self, way: Way) -> Lane:
        return Lane(way, self, self._gate.faults, self._gate.counts)

    def _lanes(self) -> tuple[Lane, Lane]:
        return self.client.lane, self.server.lane

    def _forget(self) -> None:
        self._gate.links.discard(self)
        for lane in self._lanes():
            lane.drop()
