"""JSON lines on stderr, with admissible fields only."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from typing import TYPE_CHECKING, cast

import structlog

from domain import logbook

if TYPE_CHECKING:
    from typing import TextIO

    from structlog.typing import EventDict, Processor, WrappedLogger


class Unfailing:
    """A stream whose lines may get lost, when its disk is full or its reader is gone.

    Nothing else is lost by that: not the work that a line was to tell of, nor the thread.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write what can be written."""
        with contextlib.suppress(OSError, ValueError):
            return self._stream.write(text)
        return 0

    def flush(self) -> None:
        """Flush what can be flushed."""
        with contextlib.suppress(OSError, ValueError):
            self._stream.flush()


def configure(process: str, *, level: int = logging.INFO) -> None:
    """Let every line of this process say which it is and carry nothing but listed fields."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(level),
        processors=[
            _name(process),
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _admit,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.WriteLoggerFactory(file=cast("TextIO", Unfailing(sys.stderr))),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.CRITICAL, handlers=[_Forward()])


def _name(process: str) -> Processor:
    names = {"process": process, "pid": os.getpid()}

    def name(_logger: WrappedLogger, _method: str, fields: EventDict) -> EventDict:
        return {**fields, **names}

    return name


def _admit(_logger: WrappedLogger, _method: str, fields: EventDict) -> EventDict:
    return logbook.admissible(dict(fields))


class _Forward(logging.Handler):
    """Names the libraries' own alarms without their text, which may quote what must not be."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None
        structlog.get_logger().error("library.alarm", reason=record.name, error_class=error)
