"""Refusals that only HTTP knows, beside those of `domain.errors`."""

from __future__ import annotations

from typing import ClassVar

from domain.errors import Refused


class NotFound(Refused):
    """Nothing is served under this path."""

    code = "not_found"
    http_status = 404
    title = "There is nothing here"


class MethodNotAllowed(Refused):
    """The path is known, the method is not one of its own. `allow` lists those that are."""

    code = "method_not_allowed"
    http_status = 405
    title = "The method is not allowed here"

    def __init__(self, allow: bytes) -> None:
        """Keep the value of the `Allow` header."""
        super().__init__(f"only {allow.decode()} is allowed here")
        self.allow = allow


class RequestTimeout(Refused):
    """The request did not arrive in full within `ingress.protocol.ARRIVAL_S_MAX`."""

    code = "request_timeout"
    http_status = 408
    title = "The request did not arrive in time"
    retryable = True


class BodyTooLarge(Refused):
    """The body has more bytes than are taken; nothing of it was kept."""

    code = "body_too_large"
    http_status = 413
    title = "The body is too large"


class PathTooLong(Refused):
    """The request's target is longer than any of ours."""

    code = "path_too_long"
    http_status = 414
    title = "The path is too long"


class EncodingUnsupported(Refused):
    """The body is compressed: a signature is of the bytes as sent, and we never inflate."""

    code = "encoding_unsupported"
    http_status = 415
    title = "A compressed body is not accepted"


class HeadersTooLarge(Refused):
    """The headers are more, or have more bytes, than are read."""

    code = "headers_too_large"
    http_status = 431
    title = "The headers are too large"


class Later(Refused):
    """Nothing is wrong with the request: it may be sent again after `retry_after_s` seconds."""

    retryable = True
    retry_after_s_default: ClassVar[int] = 1

    def __init__(self, reason: str, *, retry_after_s: int = 0) -> None:
        """Keep the pause that the answer asks for, in whole seconds."""
        super().__init__(reason)
        self.retry_after_s = retry_after_s or self.retry_after_s_default


class RateLimited(Later):
    """Too many requests of this address could not be authenticated."""

    code = "rate_limited"
    http_status = 429
    title = "Too many requests that could not be authenticated"


class StoreUnavailable(Later):
    """Postgres cannot commit in time, or too many already wait for it. Nothing was kept."""

    code = "store_unavailable"
    http_status = 503
    title = "The store is not available"


class KeyUnavailable(Later):
    """The public key that the delivery names cannot be had just now. Nothing was kept."""

    code = "key_unavailable"
    http_status = 503
    title = "The key to verify this with is not available"
    retry_after_s_default = 5


class Overloaded(Later):
    """This process holds as much as it may. Nothing was kept."""

    code = "overloaded"
    http_status = 503
    title = "Too much is being received at once"


class Unforeseen(Later):
    """The last resort: something failed that nobody foresaw; the log says where."""

    code = "unavailable"
    http_status = 503
    title = "The request could not be handled"


class MessageUnreadable(Exception):
    """The HTTP message is not one that we take. Raised where the parser calls us."""


class ClientGone(Exception):
    """The client went away before its request was complete: there is nobody to answer."""


class StartRefused(Exception):
    """The process must not start as it is configured. The message is one sentence, no secret."""
