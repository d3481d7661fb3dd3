"""Requests: from bytes to what an operation takes, or to what is wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl

from pydantic import BaseModel, ValidationError

from domain import strict_json
from domain.errors import PayloadInvalid, RequestMalformed
from ingress.api.errors import ContentTypeUnsupported, Problem, ValidationFailed
from ingress.api.models import Query

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from starlette.types import Scope

    from ingress.api.operation import Operation

    Pairs = Sequence[tuple[str, str]]

BODY_BYTES_MAX = 65_536
"""Bytes of a request's body; the largest that means anything has some ten thousand."""

QUERY_FIELDS_MAX = 20
"""Parameters of a query."""

PROBLEMS_MAX = 50
"""Things that are told to be wrong with one request."""


class Read(NamedTuple):
    """A request's parts, valid; `pairs` and `tree` are what they were read from."""

    query: BaseModel
    body: BaseModel | None
    pairs: Pairs
    tree: object


def read(operation: Operation, scope: Scope, body: bytes) -> Read:
    """Return the request. Raises the Refused that its form or meaning deserves."""
    pairs = _pairs(scope["query_string"])
    query = _valid(operation.query or Query, _by_name(pairs), prefix="?")
    if operation.body is None:
        return Read(query, None, pairs, None)
    tree = _tree(operation.body, body)
    return Read(query, _valid(operation.body, tree, prefix="/"), pairs, tree)


UNTYPED = (b"", b"application/x-www-form-urlencoded")
"""Types that say nothing: the second is what curl says of any body unless told otherwise. No
browser can send a request here for somebody else, so nothing is guarded by refusing it."""


def require_json(scope: Scope, body: bytes) -> None:
    """Raise ContentTypeUnsupported for a body that says to be something else than JSON."""
    given = next((value for name, value in scope["headers"] if name == b"content-type"), b"")
    kind, _, parameter = given.lower().partition(b";")
    if not body:
        return
    if kind.strip() not in (*UNTYPED, b"application/json") or parameter.strip() not in (
        b"",
        b"charset=utf-8",
        b'charset="utf-8"',
    ):
        raise ContentTypeUnsupported("send the body as `Content-Type: application/json`")


def _tree(model: type[BaseModel], body: bytes) -> object:
    """Return the body's JSON. No body at all is an empty object where nothing is required."""
    if not body and not any(field.is_required() for field in model.model_fields.values()):
        return {}
    try:
        return strict_json.parse(body)
    except PayloadInvalid as error:
        raise RequestMalformed(str(error)) from error


def _pairs(query: bytes) -> Pairs:
    try:
        return parse_qsl(
            query.decode(),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=QUERY_FIELDS_MAX,
        )
    except ValueError as error:
        raise RequestMalformed("the query cannot be read") from error


def _by_name(pairs: Pairs) -> dict[str, str]:
    names = [name for name, _ in pairs]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValidationFailed([Problem(f"?{name:.50}", "it is there twice") for name in twice])
    return dict(pairs)


def _valid(model: type[BaseModel], given: Any, *, prefix: str) -> Any:
    try:
        return model.model_validate(given)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)
        raise ValidationFailed(
            [
                Problem(_pointer(each["loc"], prefix), each["msg"].removeprefix("Value error, "))
                for each in found[:PROBLEMS_MAX]
            ]
        ) from error


def _pointer(location: Iterable[str | int], prefix: str) -> str:
    """Return a JSON Pointer (RFC 6901) into the body, or the parameter's name after a `?`."""
    steps = [str(step)[:100].replace("~", "~0").replace("/", "~1") for step in location]
    return prefix + "/".join(steps) if steps else ""
