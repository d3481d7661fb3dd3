"""Logs: one JSON object a line on stderr, made and written by a thread of its own.

A request only hands over its fields. Formatting and writing happen elsewhere, many lines at a
time, so that neither costs a request anything and a blocked stderr stops nobody.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import structlog
from pydantic_core import to_json

from domain.logbook import admissible

if TYPE_CHECKING:
    from structlog.typing import EventDict, WrappedLogger

LINES_WAITING_MAX = 100_000
"""Lines that wait to be written; what comes on top is counted and dropped."""

FLUSH_S = 0.05
"""Seconds that a line waits for company."""

WRITE_BYTES_MAX = 4_096
"""Bytes of one write: what a pipe takes whole, so that lines of two processes do not mix."""

STOP_S_MAX = 1.0
"""Seconds to write what still waits when the process stops."""


class Journal:
    """Collects lines and writes them. `dropped` counts those that found no room."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._waiting: deque[dict[str, Any]] = deque()
        self._closing = threading.Event()
        self.thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self.dropped = 0

    def start(self) -> None:
        """Begin to write."""
        self.thread.start()

    def note(self, fields: dict[str, Any]) -> None:
        """Take a line, stamped with the time by which it was handed over."""
        if len(self._waiting) >= LINES_WAITING_MAX:
            self.dropped += 1
            return
        self._waiting.append(fields)

    def close(self) -> None:
        """Write every line that waits, within `STOP_S_MAX`."""
        self._closing.set()
        if self.thread.is_alive():
            self.thread.join(STOP_S_MAX)

    def _run(self) -> None:
        while not self._closing.wait(FLUSH_S):
            self._write()
        self._write()

    def _write(self) -> None:
        part = bytearray()
        while self._waiting:
            line = self._line()
            if part and len(part) + len(line) > WRITE_BYTES_MAX:
                self._put(part)
                part = bytearray()
            part += line
        self._put(part)

    def _line(self) -> bytes:
        """Return the next line, or nothing for one that cannot be written: none stops the rest."""
        try:
            return rendered(self._waiting.popleft())
        except ValueError:
            self.dropped += 1
            return b""

    def _put(self, part: bytearray) -> None:
        """Write all of it. When stderr is gone there is nobody left to tell."""
        try:
            while part:
                del part[: os.write(self._descriptor, part)]
        except OSError:
            self.dropped += 1


def rendered(fields: dict[str, Any]) -> bytes:
    """Return the line: the fields that may be logged, and nothing else."""
    fields["timestamp"] = datetime.fromtimestamp(fields["timestamp"], UTC).isoformat()
    return to_json(admissible(fields), serialize_unknown=True) + b"\n"


def configure() -> Journal:
    """Send every log line of this process through a new journal to stderr."""
    journal = Journal(sys.stderr.fileno())

    def hand_over(_: WrappedLogger, method: str, fields: EventDict) -> EventDict:
        journal.note({**fields, "level": method, "timestamp": time.time()})
        raise structlog.DropEvent

    structlog.configure(
        processors=[hand_over],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.ReturnLoggerFactory(),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(handlers=[_Foreign()], level=logging.ERROR, force=True)
    return journal


class _Foreign(logging.Handler):
    """Brings what libraries log into the same lines: who and where, never their text.

    A library's message may quote a request.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Pass it on."""
        error = record.exc_info[0] if record.exc_info else None
        structlog.get_logger().error(
            "library.error",
            reason=f"{record.name}:{record.funcName}:{record.lineno}",
            error_class=error.__name__ if error else None,
        )
