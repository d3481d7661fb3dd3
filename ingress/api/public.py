"""What is described beside the operations: health, webhooks, and what all of them share."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from domain.payment import CUSTOMER_ID, REFERENCE
from ingress.api.idempotency import UUID_PATTERN

if TYPE_CHECKING:
    from collections.abc import Mapping

    Json = dict[str, Any]

INTRODUCTION = """\
Payments for services of the company. Amounts are integers, minor units of their currency; times
are ISO 8601 in UTC. Every refusal is a problem document (RFC 9457) with a `code` that never
changes and `retryable`, which says whether the same request may be sent again.

Every POST takes an `Idempotency-Key`: the same key with the same request gets the first answer,
byte for byte, for 30 days. Bodies are `application/json`; a body of another type is refused, one
without a type, or with the one that curl gives to every body, is taken for JSON. Keys that come
twice, NaN and unknown fields are refused."""

PROBLEM: Json = {
    "type": "object",
    "title": "Problem",
    "description": "Why a request was refused, and whether to repeat it",
    "required": ["type", "title", "status", "detail", "code", "retryable", "request_id"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "retryable": {"type": "boolean"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "message"],
                "properties": {"pointer": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}

SECURITY: Json = {
    "type": "http",
    "scheme": "bearer",
    "description": "A key made by `payratchet clients create`: `prk_…`",
}

KEY_PARAMETER: Json = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "A UUID, bare or as a quoted string. Kept for 30 days",
    "schema": {"type": "string", "pattern": f'^({UUID_PATTERN}|"{UUID_PATTERN}")$'},
}

NAMES: Mapping[str, Json] = MappingProxyType(
    {
        "reference": {"type": "string", "pattern": f"^{REFERENCE.pattern}$"},
        "id": {"type": "string", "pattern": f"^{CUSTOMER_ID.pattern}$"},
        "customer_id": {"type": "string", "pattern": f"^{CUSTOMER_ID.pattern}$"},
    }
)
"""Placeholders of paths."""


def _json(description: str, schema: Json) -> Json:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _fields(**types: str) -> Json:
    return {
        "type": "object",
        "required": list(types),
        "properties": {name: {"type": kind} for name, kind in types.items()},
    }


def _problem(description: str) -> Json:
    return {
        "description": description,
        "content": {
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
        },
    }


def _probe(name: str, summary: str, schema: Json, *, may_fail: bool = True) -> Json:
    responses = {"200": _json("Yes", schema), "405": _problem("`method_not_allowed`")}
    if may_fail:
        responses["503"] = _json("No", schema)
    return {"operationId": name, "summary": summary, "security": [], "responses": responses}


_HEALTH = _fields(status="string", postgres="string", redis="string", version="string")
_READY = _fields(status="string", writers="boolean", schema="boolean")

_WEBHOOK: Json = {
    "operationId": "receiveWebhook",
    "summary": "Receive a delivery of a provider, signed in the provider's own way",
    "security": [],
    "parameters": [
        {"name": "provider", "in": "path", "required": True, "schema": {"type": "string"}}
    ],
    "requestBody": {"required": True, "content": {"application/json": {"schema": {}}}},
    "responses": {
        "200": _json("Committed", _fields(status="string", event_id="string")),
        **{
            status: _problem(description)
            for status, description in {
                "400": "`request_malformed`",
                "401": "`signature_missing`, `signature_invalid` or `signature_expired`",
                "404": "`provider_unknown`",
                "405": "`method_not_allowed`",
                "408": "`request_timeout`",
                "413": "`body_too_large`",
                "414": "`path_too_long`",
                "415": "`encoding_unsupported`",
                "429": "`rate_limited`",
                "431": "`headers_too_large`",
                "503": "`store_unavailable`, `overloaded` or `unavailable`",
            }.items()
        },
    },
}

PATHS: Mapping[str, Json] = MappingProxyType(
    {
        "/health": {"get": _probe("getHealth", "Are the stores there?", _HEALTH)},
        "/livez": {
            "get": _probe("getLivez", "Does it run?", _fields(status="string"), may_fail=False)
        },
        "/readyz": {"get": _probe("getReadyz", "Can deliveries be kept?", _READY)},
        "/webhooks/{provider}": {"post": _WEBHOOK},
    }
)
