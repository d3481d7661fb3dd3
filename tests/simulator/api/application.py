"""The application: both APIs, the pages at which customers pay, and the control API."""

from __future__ import annotations

import sys
import traceback
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.simulator.api import control, pages, paystack_api, stripe_api
from tests.simulator.api.exchange import Exchange

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import Lifespan

    from tests.simulator.api.world import World


def application(world: World, lifespan: Lifespan[Starlette]) -> Starlette:
    """Return what serves one world."""
    operations = [*paystack_api.OPERATIONS, *stripe_api.OPERATIONS]
    routes = [Route(each.path, Exchange(world, each), methods=[each.method]) for each in operations]
    return Starlette(
        routes=[*routes, *pages.routes(world), *control.routes(world)],
        exception_handlers={Exception: _broken},
        lifespan=lifespan,
    )


async def _broken(request: Request, error: Exception) -> Response:
    """Say that the simulator itself has failed, which no fault of the script looks like."""
    print(f"{request.method} {request.url.path} broke the simulator:", file=sys.stderr)
    traceback.print_exception(error)
    return JSONResponse({"simulator": f"{type(error).__name__}: {error}"}, status_code=501)
