"""What nobody foresaw: it is said in the log, with the place, and never blamed on the sender."""

from __future__ import annotations

import traceback

import httptools
import structlog

from domain.errors import Refused, RequestMalformed
from ingress.errors import MessageUnreadable, Unforeseen

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

SENDERS = (MessageUnreadable, UnicodeError, httptools.HttpParserError)
"""What callbacks raise for a target or a head that no server could take."""


def log_failure(error: BaseException, *, request_id: str = "") -> None:
    """Say where it happened. The error's text may quote the request, so it is not logged."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "nowhere"
    log.error(
        "request.failed", error_class=type(error).__name__, reason=where, request_id=request_id
    )


def refusal_of(error: BaseException | None) -> Refused:
    """Return what to answer when the parser of HTTP gave up with `error`.

    httptools tells every exception of a callback as an error of the message, and keeps it as the
    context. `SENDERS` are for what a sender has done wrong. Anything else is our failure, as
    MemoryError is: answered 400, a provider would not send the delivery again.
    """
    cause = error.__context__ if isinstance(error, httptools.HttpParserCallbackError) else None
    if cause is None or isinstance(cause, SENDERS):
        return RequestMalformed("the HTTP message could not be read")
    log_failure(cause)
    return Unforeseen("try again later")
