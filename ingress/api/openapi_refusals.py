"""Refusals, as they are described: which there are for what, and what each looks like."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from domain.errors import RequestMalformed
from ingress import problems
from ingress.api import openapi_refs
from ingress.api.errors import (
    ContentTypeUnsupported,
    IdempotencyKeyInUse,
    IdempotencyKeyInvalid,
    IdempotencyKeyReused,
    KeyInvalid,
    KeyMissing,
    LimitExceeded,
    ScopeMissing,
    ValidationFailed,
)
from ingress.errors import (
    BodyTooLarge,
    EncodingUnsupported,
    HeadersTooLarge,
    MethodNotAllowed,
    NotFound,
    Overloaded,
    PathTooLong,
    RequestTimeout,
    StoreUnavailable,
    Unforeseen,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from domain.errors import Refused
    from ingress.api.operation import Operation

    Json = dict[str, Any]

ALWAYS: tuple[type[Refused], ...] = (
    RequestMalformed,
    KeyMissing,
    KeyInvalid,
    ScopeMissing,
    NotFound,
    MethodNotAllowed,
    RequestTimeout,
    PathTooLong,
    EncodingUnsupported,
    ValidationFailed,
    LimitExceeded,
    HeadersTooLarge,
    StoreUnavailable,
    Overloaded,
    Unforeseen,
)
"""What every operation may be refused for."""

WITH_BODY: tuple[type[Refused], ...] = (
    BodyTooLarge,
    ContentTypeUnsupported,
    IdempotencyKeyInvalid,
    IdempotencyKeyReused,
    IdempotencyKeyInUse,
)
"""What a POST may be refused for besides."""


def responses(refusals: Iterable[type[Refused]]) -> Json:
    """Return a response for each status, with an example for each code."""
    by_status: dict[int, list[type[Refused]]] = {}
    for refusal in refusals:
        by_status.setdefault(refusal.http_status, []).append(refusal)
    return {str(status): _problem(status, found) for status, found in sorted(by_status.items())}


def _problem(status: int, refusals: list[type[Refused]]) -> Json:
    names = ["X-Request-Id"]
    if any(refusal.retryable for refusal in refusals):
        names.append("Retry-After")
    if status == HTTPStatus.UNAUTHORIZED:
        names.append("WWW-Authenticate")
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        names += ["RateLimit", "RateLimit-Policy"]
    found = {
        refusal.code: {"$ref": f"#/components/examples/{refusal.code}"} for refusal in refusals
    }
    return {
        "description": "; ".join(f"`{refusal.code}`: {refusal.title}" for refusal in refusals),
        "headers": openapi_refs.headers(names),
        "content": {
            "application/problem+json": {
                "schema": {"$ref": openapi_refs.SCHEMA.format(model="Problem")},
                "examples": found,
            }
        },
    }


def of(operation: Operation) -> tuple[type[Refused], ...]:
    """Return all that the operation may be refused for."""
    return (*ALWAYS, *(WITH_BODY if operation.method == "POST" else ()), *operation.refusals)


def examples(operations: Iterable[Operation]) -> Json:
    """Return an example for each code."""
    own = [refusal for operation in operations for refusal in operation.refusals]
    return {each.code: {"value": _example(each)} for each in (*ALWAYS, *WITH_BODY, *own)}


def _example(refusal: type[Refused]) -> Json:
    example: Json = {
        "type": problems.TYPE_PREFIX + refusal.code,
        "title": refusal.title,
        "status": refusal.http_status,
        "detail": refusal.title,
        "code": refusal.code,
        "retryable": refusal.retryable,
        "request_id": "3f2a9c1b7d60-0000002a",
    }
    if refusal is ValidationFailed:
        example["errors"] = [
            {"pointer": "/amount_minor", "message": "Input should be greater than 0"}
        ]
    return example
