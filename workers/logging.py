"""JSON lines on stderr, with admissible fields only."""

from __future__ import annotations

import logging
import os
import sys
from typing import TYPE_CHECKING

import structlog

from domain import logbook

if TYPE_CHECKING:
    from structlog.typing import EventDict, Processor, WrappedLogger


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
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
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
