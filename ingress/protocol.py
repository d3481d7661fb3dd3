"""The HTTP protocol: uvicorn's, with an end to all that a slow, endless or odd sender can do.

uvicorn has no limit on how long a request may take to arrive, how large its head may be, how
long an answer may stay unread, or how many clients are connected; and it reads trailers as if
they were headers. Each connection looks at itself twice a second, which costs a request nothing.
"""

from __future__ import annotations

import functools
import socket
import struct
import sys
from collections import deque
from typing import TYPE_CHECKING

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ingress import gate, problems, unforeseen
from ingress.errors import (
    HeadersTooLarge,
    MessageUnreadable,
    Overloaded,
    PathTooLong,
    RequestTimeout,
)
from ingress.held_transport import HeldTransport

if TYPE_CHECKING:
    import asyncio

    from uvicorn._types import HTTPScope
    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

    from domain.errors import Refused

ARRIVAL_S_MAX = 9.0
"""Seconds for a request to arrive in full, its body included, and for an answer to be read."""

LOOK_S = 0.5
"""Seconds between two looks: so much later than `ARRIVAL_S_MAX` a connection may be ended."""

LINGER_S = 1.0
"""Seconds that a refused client has to read why, while what it still sends is thrown away."""

FRAMING_BYTES_MAX = 65_536
"""Bytes of a request that are not its body: its head, the sizes of its chunks, its trailers."""

PIPELINED_MAX = 64
"""Requests of one connection that may wait for the answers to those before them."""

CONNECTIONS_MAX = 4_000
"""Connections of one process; the next client is told to come again."""

FORGET = struct.pack("ii", 1, 0)
"""Of SO_LINGER: do not wait until what was sent is read."""

CODING = b"transfer-encoding"
CODING_LENGTH = len(CODING)
VERSIONS = ("1.1", "1.0")


class Protocol(HttpToolsProtocol):
    """One connection.

    `_due_since_s` is when the client began to owe us the rest of a request, None while it owes
    nothing; `_unread_since_s` when it began to leave our answers unread.
    """

    _timer: asyncio.TimerHandle | None = None
    _due_since_s: float | None = None
    _unread_since_s: float | None = None
    _refused_at_s: float | None = None
    _refusal: Refused | None = None
    _is_in_head = True
    _framing_bytes = 0
    _is_between = True
    _begun = 0
    _coding = b""
    _keeps_alive = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection, unless there are too many."""
        super().connection_made(transport)
        self._unanswered: deque[RequestResponseCycle] = deque()
        self._due_since_s = self.loop.time()
        self._timer = self.loop.call_later(LOOK_S, self._look)
        if len(self.connections) > CONNECTIONS_MAX:
            self.refuse(Overloaded("too many connections"))

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """End the connection when the server stops; whoever only waits is answered at once."""
        self.app_state["release"]()
        self._keeps_alive = False
        super().shutdown()

    def data_received(self, data: bytes) -> None:
        """Feed the parser, as long as what is no body stays within its bounds.

        Where in the data a request began is not told, so the data in which one begins after the
        end of another is charged to neither: a transport hands over 256 KiB at the most.
        """
        if self._refused_at_s is not None or self._refusal is not None:
            return
        if self._due_since_s is None:
            self._due_since_s = self.loop.time()
        may_begin, begun_before = self._is_between, self._begun
        if may_begin:
            self._framing_bytes = 0
        self._framing_bytes += len(data)
        super().data_received(data)
        if self._begun - begun_before > may_begin:
            self._framing_bytes = 0
        elif self._framing_bytes > FRAMING_BYTES_MAX:
            self.refuse(self._too_long())

    def on_body(self, body: bytes) -> None:
        """Take a piece of the body, which has bounds of its own."""
        self._framing_bytes -= len(body)
        super().on_body(body)

    def on_message_begin(self) -> None:
        """Note that another request comes."""
        super().on_message_begin()
        self._is_in_head = True
        self._is_between = False
        self._coding = b""
        self._begun += 1
        self._due_since_s = self.loop.time()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header. What comes after the body is a trailer, which nobody has asked for."""
        if not self._is_in_head:
            return
        super().on_header(name, value)
        if len(name) == CODING_LENGTH and name.lower() == CODING:
            self._coding = value.lower()

    def on_headers_complete(self) -> None:
        """Accept a request for a path of this server, and no wish to speak something else.

        After an upgrade that was not granted the parser would take the body for a new request.
        An answer that comes before the whole request ends the connection: what is still to come
        would have to be read to its end, only to be thrown away.
        """
        if len(self._unanswered) >= PIPELINED_MAX:
            raise MessageUnreadable("too many requests wait for the answers to those before them")
        if not self.url.startswith(b"/") or self.parser.should_upgrade():
            raise MessageUnreadable("the target is no path, or an upgrade is asked for")
        self._require_plain()
        self._is_in_head = False
        super().on_headers_complete()
        self._keeps_alive, self.cycle.keep_alive = self.cycle.keep_alive, False
        held = self.cycle.transport = HeldTransport(self.transport, self._close)
        self.cycle.on_response = functools.partial(self._finish, held)
        self._unanswered.append(self.cycle)

    def on_message_complete(self) -> None:
        """Note that the client owes nothing more."""
        super().on_message_complete()
        if not self.cycle.response_started:
            self.cycle.keep_alive = self._keeps_alive
        self._is_between = True
        self._due_since_s = None

    def send_400_response(self, msg: str) -> None:
        """Refuse what the parser could not read, or own up to a failure of ours in its midst."""
        del msg
        self.refuse(unforeseen.refusal_of(sys.exception()))

    def refuse(self, error: Refused) -> None:
        """Answer with a problem, past the application, and read nothing more.

        It has its turn: requests that arrived whole before it are answered first.
        """
        if self._refusal is not None or self.transport.is_closing():
            return
        self._refusal = error
        self._drop_half_of_one()
        if not self._unanswered:
            self._say(error)

    def _say(self, error: Refused) -> None:
        """Write the refusal.

        The connection stays half open for `LINGER_S`: closed at once with unread bytes in its
        buffer, it would be reset, and the client might never see the answer.
        """
        request_id = gate.new_request_id()
        self.transport.write(problems.written(error, request_id))
        self._linger()
        self.app_state["refusals"].say(
            code=error.code, status=error.http_status, request_id=request_id
        )

    def _drop_half_of_one(self) -> None:
        """Forget the request whose rest will not be read: nobody is to wait for it."""
        cycle = self._open_cycle()
        if self._is_between or self._is_in_head or cycle is None or cycle not in self._unanswered:
            return
        self._unanswered.remove(cycle)
        self.pipeline = deque(waiting for waiting in self.pipeline if waiting[0] is not cycle)
        cycle.disconnected = True
        cycle.message_event.set()

    def _require_plain(self) -> None:
        """Refuse what the parser takes and another on the way may read otherwise."""
        version = self.parser.get_http_version()
        if version not in VERSIONS or b"#" in self.url:
            raise MessageUnreadable("another version of HTTP, or a fragment in the target")
        if self._coding and (self._coding != b"chunked" or version != "1.1"):
            raise MessageUnreadable("a coding of the message that is not chunked alone")

    def _linger(self) -> None:
        """Say no more, and throw away what still comes, so that what was said can be read."""
        self._refused_at_s = self.loop.time()
        self.pipeline.clear()
        for cycle in self._unanswered:
            cycle.disconnected = True
            cycle.message_event.set()
        self.transport.write_eof()
        self.flow.resume_reading()

    def _close(self) -> None:
        """Close after an answer; a client that is still sending must be able to read it first."""
        if self._due_since_s is None or self._refused_at_s is not None:
            self.transport.close()
        else:
            self._linger()

    def _finish(self, held: HeldTransport) -> None:
        """Send the answer, which is complete now."""
        held.flush()
        if self._unanswered:
            self._unanswered.popleft()
        self.on_response_complete()
        is_over = self._refused_at_s is not None or self.transport.is_closing()
        if self._refusal is not None and not self._unanswered and not is_over:
            self._say(self._refusal)

    def _look(self) -> None:
        """End the connection when something takes too long, else look again."""
        self._timer = self.loop.call_later(LOOK_S, self._look)
        now_s = self.loop.time()
        if self._refused_at_s is not None:
            if now_s - self._refused_at_s >= LINGER_S:
                self.transport.abort()
        elif self._is_unread_too_long(now_s):
            self._reset()
        elif self._due_since_s is not None and now_s - self._due_since_s >= ARRIVAL_S_MAX:
            self._end_arrival()

    def _reset(self) -> None:
        """End the connection, and have the system forget what the client has left unread.

        Closed in any other way, that would stay in the system's memory, some megabytes a client,
        for as long as the client lets it.
        """
        raw = self.transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, FORGET)
        self.transport.abort()

    def _end_arrival(self) -> None:
        """Close; say why, unless there is an answer already or no request at all."""
        cycle = self._open_cycle()
        if cycle is None and not self._has_begun():
            self.transport.close()
        elif cycle is not None and cycle.response_started:
            self.transport.abort()
        else:
            self.refuse(RequestTimeout("the request did not arrive in time"))

    def _open_cycle(self) -> RequestResponseCycle | None:
        """Return the request that the application has and has not answered."""
        cycle: RequestResponseCycle | None = self.cycle
        return None if cycle is None or cycle.response_complete else cycle

    def _has_begun(self) -> bool:
        """Say whether there is the beginning of a head, but not its end."""
        scope: HTTPScope | None = self.scope
        return self._is_in_head and scope is not None and "method" not in scope

    def _is_unread_too_long(self, now_s: float) -> bool:
        if not self.transport.get_write_buffer_size():
            self._unread_since_s = None
            return False
        if self._unread_since_s is None:
            self._unread_since_s = now_s
        return now_s - self._unread_since_s >= ARRIVAL_S_MAX

    def _too_long(self) -> Refused:
        url = self.url if self._has_begun() else b""
        if len(url) > gate.PATH_BYTES_MAX:
            return PathTooLong(f"the path has more than {gate.PATH_BYTES_MAX} bytes")
        return HeadersTooLarge(f"more than {gate.HEADER_BYTES_MAX} bytes of headers")

    def _unsupported_upgrade_warning(self) -> None:
        """Say nothing: it was refused."""
