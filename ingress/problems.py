"""Answers: problem documents (RFC 9457), and small JSON bodies sent without detours."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from pydantic_core import to_json

from domain.errors import ProviderUnknown, Refused, SignatureRefused
from ingress.api.errors import KeyRefused, LimitExceeded, ValidationFailed
from ingress.errors import Later, MethodNotAllowed

if TYPE_CHECKING:
    from starlette.types import Send

    Headers = list[tuple[bytes, bytes]]

TYPE_PREFIX = "urn:payratchet:problem:"
"""Begins the `type` of every problem; its code follows."""

_UNAUTHENTICATED = "The request could not be authenticated."
_UNKNOWN = "No such provider or account is configured here."


def document(error: Refused, request_id: str) -> bytes:
    """Return the problem's JSON. A diagnosis is never in it, nor what exists and what does not."""
    fields = {
        "type": TYPE_PREFIX + error.code,
        "title": error.title,
        "status": error.http_status,
        "detail": _detail(error),
        "code": error.code,
        "retryable": error.retryable,
        "request_id": request_id,
    }
    if isinstance(error, ValidationFailed):
        fields["errors"] = [problem._asdict() for problem in error.errors]
    return to_json(fields)


def written(error: Refused, request_id: str) -> bytes:
    """Return the whole answer as it is sent, past the application, by which a connection ends."""
    body = document(error, request_id)
    lines = [
        f"HTTP/1.1 {error.http_status} {HTTPStatus(error.http_status).phrase}".encode(),
        b"content-type: application/problem+json",
        b"x-request-id: " + request_id.encode(),
        b"content-length: %d" % len(body),
        b"connection: close",
        *(name + b": " + value for name, value in headers(error)),
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def headers(error: Refused) -> Headers:
    """Return the headers that belong to this refusal alone."""
    if isinstance(error, LimitExceeded):
        return [
            (b"retry-after", b"%d" % error.retry_after_s),
            (b"ratelimit-policy", error.policy.encode()),
            (b"ratelimit", error.standing.encode()),
        ]
    if isinstance(error, Later):
        return [(b"retry-after", b"%d" % error.retry_after_s)]
    if isinstance(error, MethodNotAllowed):
        return [(b"allow", error.allow)]
    if isinstance(error, SignatureRefused):
        return [(b"www-authenticate", b"Signature")]
    if isinstance(error, KeyRefused):
        return [(b"www-authenticate", b"Bearer")]
    return []


async def refuse(send: Send, error: Refused, request_id: str) -> None:
    """Answer with the problem."""
    await answer(
        send,
        error.http_status,
        document(error, request_id),
        [
            (b"content-type", b"application/problem+json"),
            (b"cache-control", b"no-store"),
            (b"x-request-id", request_id.encode()),
            *headers(error),
        ],
    )


async def answer(send: Send, status: int, body: bytes, headers: Headers) -> None:
    """Send one complete response; its length is added to the headers."""
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [*headers, (b"content-length", b"%d" % len(body))],
        }
    )
    await send({"type": "http.response.body", "body": body})


def _detail(error: Refused) -> str:
    if isinstance(error, SignatureRefused):
        return _UNAUTHENTICATED
    if isinstance(error, ProviderUnknown):
        return _UNKNOWN
    return str(error) or error.title
