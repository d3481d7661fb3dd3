"""The description: OpenAPI 3.1, made from the operations that are served."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from pydantic.json_schema import models_json_schema
from pydantic_core import to_json

from ingress.api import openapi_refs, openapi_refusals, public
from ingress.health import version

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pydantic import BaseModel

    from ingress.api.operation import Operation

    Json = dict[str, Any]


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
                "examples": openapi_refusals.examples(found),
                "headers": {name: _header(text) for name, text in _HEADERS.items()},
                "securitySchemes": {"key": public.SECURITY},
            },
        }
    )


def _operation(operation: Operation) -> Json:
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
            **openapi_refusals.responses(openapi_refusals.of(operation)),
        },
    }
    if operation.body is not None:
        made["requestBody"] = _body(operation.body)
    return made


def _body(model: type[BaseModel]) -> Json:
    is_required = any(field.is_required() for field in model.model_fields.values())
    return {
        "required": is_required,
        "content": {"application/json": {"schema": openapi_refs.schema(model)}},
    }


def _reply(operation: Operation, status: int, model: type[BaseModel]) -> Json:
    names = ["X-Request-Id"]
    if operation.method == "POST":
        names.append("Idempotent-Replayed")
    if operation.tells_location:
        names.append("Location")
    if operation.limit is not None:
        names += ["RateLimit", "RateLimit-Policy"]
    return {
        "description": HTTPStatus(status).phrase,
        "headers": openapi_refs.headers(names),
        "content": {"application/json": {"schema": openapi_refs.schema(model)}},
    }


def _parameters(operation: Operation) -> list[Json]:
    found = [
        {"name": part[1:-1], "in": "path", "required": True, "schema": public.NAMES[part[1:-1]]}
        for part in operation.path.split("/")
        if part.startswith("{")
    ]
    if operation.query is not None:
        schema = operation.query.model_json_schema(ref_template=openapi_refs.SCHEMA)
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
    _, schema = models_json_schema(list(dict.fromkeys(models)), ref_template=openapi_refs.SCHEMA)
    unused = {model.__name__ for model, _ in queries}
    return {name: each for name, each in schema["$defs"].items() if name not in unused}


def _header(text: str) -> Json:
    return {"description": text, "schema": {"type": "string"}}
