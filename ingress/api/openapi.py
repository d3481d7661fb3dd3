"""The description: OpenAPI 3.1, made from the operations that are served."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from pydantic.json_schema import models_json_schema
from pydantic_core import to_json

from domain.errors import RequestMalformed
from ingress import problems
from ingress.api import public
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
from ingress.health import version

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pydantic import BaseModel

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

_REF = "#/components/schemas/{model}"

_HEADERS: Mapping[str, str] = {
    "X-Request-Id": "The request's name in our logs; a well-formed one of the caller's is kept",
    "Idempotent-Replayed": "`true` when this is the stored answer to an earlier request",
    "RateLimit": "How the client stands: requests left, seconds until one more is free",
    "RateLimit-Policy": "The limit that holds: requests, seconds",
    "Location": "Where the payment is to be found",
    "Retry-After": "Seconds after which the same request may be sent again",
    "WWW-Authenticate": "How to authenticate",
}


def description(operations: Iterable[Operation]) -> bytes:
    """Return the document's JSON."""
    found = tuple(operations)
    paths: dict[str, Json] = dict(public.PATHS)
    for operation in found:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return to_json(
        {
            "openapi": "3.1.0",
            "info": {
                "title": "Payratchet",
                "version": version(),
                "description": public.INTRODUCTION,
                "license": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
            },
            "servers": [{"url": "/"}],
            "paths": paths,
            "components": {
                "schemas": {**_schemas(found), "Problem": public.PROBLEM},
                "examples": _examples(found),
                "headers": {name: _header(text) for name, text in _HEADERS.items()},
                "securitySchemes": {"key": public.SECURITY},
            },
        }
    )


def _operation(operation: Operation) -> Json:
    is_post = operation.method == "POST"
    refusals = (*ALWAYS, *(WITH_BODY if is_post else ()), *operation.refusals)
    made: Json = {
        "operationId": operation.name,
        "summary": operation.summary,
        "description": f"Scope: {' or '.join(f'`{scope}`' for scope in operation.scopes)}.",
        "security": [{"key": []}],
        "parameters": _parameters(operation),
        "responses": {
            **{
                str(status): _reply(operation, status, model)
                for status, model in operation.answers.items()
            },
            **_refused(refusals),
        },
    }
    if operation.body is not None:
        made["requestBody"] = _body(operation.body)
    return made


def _body(model: type[BaseModel]) -> Json:
    is_required = any(field.is_required() for field in model.model_fields.values())
    return {"required": is_required, "content": {"application/json": {"schema": _ref(model)}}}


def _reply(operation: Operation, status: int, model: type[BaseModel]) -> Json:
    names = ["X-Request-Id"]
    if operation.method == "POST":
        names += ["Idempotent-Replayed", "Location"]
    if operation.limit is not None:
        names += ["RateLimit", "RateLimit-Policy"]
    return {
        "description": HTTPStatus(status).phrase,
        "headers": _header_refs(names),
        "content": {"application/json": {"schema": _ref(model)}},
    }


def _refused(refusals: Iterable[type[Refused]]) -> Json:
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
    examples = {
        refusal.code: {"$ref": f"#/components/examples/{refusal.code}"} for refusal in refusals
    }
    return {
        "description": "; ".join(f"`{refusal.code}`: {refusal.title}" for refusal in refusals),
        "headers": _header_refs(names),
        "content": {
            "application/problem+json": {
                "schema": {"$ref": _REF.format(model="Problem")},
                "examples": examples,
            }
        },
    }


def _examples(operations: tuple[Operation, ...]) -> Json:
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


def _parameters(operation: Operation) -> list[Json]:
    found = [
        {"name": part[1:-1], "in": "path", "required": True, "schema": public.NAMES[part[1:-1]]}
        for part in operation.path.split("/")
        if part.startswith("{")
    ]
    if operation.query is not None:
        schema = operation.query.model_json_schema(ref_template=_REF)
        found += [_query(name, given) for name, given in schema["properties"].items()]
    if operation.method == "POST":
        found.append(public.KEY_PARAMETER)
    return found


def _query(name: str, schema: Json) -> Json:
    """Return a parameter; what may be left out has no null in a query."""
    kinds = [kind for kind in schema.get("anyOf", [schema]) if kind.get("type") != "null"]
    given = {key: value for key, value in kinds[0].items() if key not in ("title", "default")}
    return {"name": name, "in": "query", "required": False, "schema": given}


def _schemas(operations: tuple[Operation, ...]) -> Json:
    bodies = [(each.body, "validation") for each in operations if each.body is not None]
    queries = [(each.query, "validation") for each in operations if each.query is not None]
    answers = [(model, "serialization") for each in operations for model in each.answers.values()]
    models: Any = [*bodies, *queries, *answers]
    _, schema = models_json_schema(list(dict.fromkeys(models)), ref_template=_REF)
    unused = {model.__name__ for model, _ in queries}
    return {name: each for name, each in schema["$defs"].items() if name not in unused}


def _ref(model: type[BaseModel]) -> Json:
    return {"$ref": _REF.format(model=model.__name__)}


def _header(text: str) -> Json:
    return {"description": text, "schema": {"type": "string"}}


def _header_refs(names: Iterable[str]) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
