"""The control API: what a test does in a customer's, a bank's or a saboteur's place."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.simulator.api import fault
from tests.simulator.api.checkout import NotPossible
from tests.simulator.api.control_acts import Acts, Unknown
from tests.simulator.api.fault import FaultInvalid

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from tests.simulator.api.world import World

    Handler = Callable[[Request, dict[str, Any]], Any]

CALLS_LIMIT = 1_000
"""Calls in one answer, the newest; `?limit=` asks for another number."""

_STATUSES = {
    Unknown: HTTPStatus.NOT_FOUND,
    NotPossible: HTTPStatus.CONFLICT,
    FaultInvalid: HTTPStatus.BAD_REQUEST,
    ValueError: HTTPStatus.BAD_REQUEST,
}


def routes(world: World) -> list[Route]:
    """Return everything under /control."""
    control = _Control(world)
    table = (
        ("GET", "/transactions/{reference}", control.sale),
        ("POST", "/transactions/{reference}/{act}", control.transaction),
        ("GET", "/webhooks", control.webhooks),
        ("POST", "/refunds/{id}/{act}", control.refund),
        ("GET", "/books", control.books),
        ("GET", "/calls", control.calls),
        ("GET", "/faults", control.faults),
        ("POST", "/faults", control.set_faults),
        ("DELETE", "/faults", control.clear_faults),
        ("POST", "/clock", control.clock),
    )
    return [Route(f"/control{path}", _answering(do), methods=[how]) for how, path, do in table]


class _Control:
    def __init__(self, world: World) -> None:
        self._world = world
        self._acts = Acts(world)

    def transaction(self, request: Request, body: dict[str, Any]) -> Any:
        names = request.path_params
        return self._acts.transaction(names["reference"], names["act"], body)

    def sale(self, request: Request, body: dict[str, Any]) -> Any:
        del body
        provider = request.query_params.get("provider")
        return self._acts.sale(request.path_params["reference"], provider)

    def webhooks(self, request: Request, body: dict[str, Any]) -> Any:
        """How webhooks have gone, by what became of them."""
        del request, body
        return self._world.deliveries()

    def refund(self, request: Request, body: dict[str, Any]) -> Any:
        del body
        return self._acts.refund(request.path_params["id"], request.path_params["act"])

    def books(self, request: Request, body: dict[str, Any]) -> Any:
        del request, body
        return self._acts.books()

    def calls(self, request: Request, body: dict[str, Any]) -> Any:
        """The newest calls, oldest first; `operation` and `reference` choose among them."""
        del body
        wanted = request.query_params
        chosen = [
            call.as_tree()
            for call in self._world.journal
            if wanted.get("operation") in {None, call.operation}
            and wanted.get("reference") in {None, call.about}
        ]
        limit = int(wanted.get("limit", CALLS_LIMIT))
        return {"total": len(self._world.journal), "calls": chosen[-limit:] if limit > 0 else []}

    def faults(self, request: Request, body: dict[str, Any]) -> Any:
        del request, body
        set_ = [{"text": str(each), **each.as_tree()} for each in self._world.script.faults]
        return {"seed": self._world.rules.seed, "faults": set_}

    def set_faults(self, request: Request, body: dict[str, Any]) -> Any:
        """Set faults instead of all that were set, each a text or an object."""
        given = body.get("faults", [])
        if not isinstance(given, list):
            raise FaultInvalid("faults is a list")
        self._world.script.set(
            [
                fault.parsed(each) if isinstance(each, str) else fault.from_tree(each)
                for each in given
            ]
        )
        return self.faults(request, body)

    def clear_faults(self, request: Request, body: dict[str, Any]) -> Any:
        self._world.script.set([])
        return self.faults(request, body)

    def clock(self, request: Request, body: dict[str, Any]) -> Any:
        """Let time pass: `{"advance_s": N}`."""
        del request
        self._world.clock.advance(float(body.get("advance_s", 0)))
        return {"now": self._world.clock.now().isoformat()}


def _answering(do: Handler) -> Any:
    async def answer(request: Request) -> Response:
        try:
            body = json.loads(await request.body() or b"{}")
            if not isinstance(body, dict):
                raise ValueError("the body is no object")  # noqa: TRY004 - a caller's, not ours
            return JSONResponse(do(request, body))
        except tuple(_STATUSES) as error:
            status = _status(error)
            return JSONResponse({"error": str(error)}, status_code=status)

    return answer


def _status(error: Exception) -> int:
    kinds = [code for kind, code in _STATUSES.items() if issubclass(type(error), kind)]
    return int(kinds[0])
