"""Routes: every operation of the API under its path, and the document that describes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from ingress import problems
from ingress.api import credit, customers, openapi, payments, refunds, timeline
from ingress.api.endpoint import Endpoint
from ingress.errors import MethodNotAllowed

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from ingress.api.endpoint import Surroundings
    from ingress.api.operation import Operation

OPERATIONS: tuple[Operation, ...] = (
    *payments.OPERATIONS,
    *timeline.OPERATIONS,
    *refunds.OPERATIONS,
    *credit.OPERATIONS,
    *customers.OPERATIONS,
)
"""All that can be asked."""

DESCRIPTION_PATH = "/openapi.json"


def served(surroundings: Surroundings) -> list[Route]:
    """Return a route for each path."""
    by_path: dict[str, dict[str, Operation]] = {}
    for operation in OPERATIONS:
        by_path.setdefault(operation.path, {})[operation.method] = operation
    return [
        described(),
        *(Route(path, Endpoint(found, surroundings)) for path, found in by_path.items()),
    ]


def described() -> Route:
    """Return the route of the description, which is there whether or not the API is served."""
    return Route(DESCRIPTION_PATH, _Description())


class _Description:
    """Serves the description, which is the same bytes as long as the process lives."""

    def __init__(self) -> None:
        self._body = openapi.description(OPERATIONS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del receive
        if scope["method"] != "GET":
            raise MethodNotAllowed(b"GET")
        headers = [(b"content-type", b"application/json"), (b"cache-control", b"max-age=60")]
        await problems.answer(send, 200, self._body, headers)
