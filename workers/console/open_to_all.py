"""What needs no sign-in: that the process lives or is ready, figures for a scraper, the assets.

None of it says anything of a payment or a person but the figures, which have a rule of their own.
"""

from __future__ import annotations

import asyncio
import hmac
from typing import TYPE_CHECKING

import psycopg
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from domain.schema import mismatch
from workers.console import assets, origins
from workers.console.reading import Busy
from workers.operations import metrics
from workers.store import canaries

if TYPE_CHECKING:
    from pydantic import SecretStr
    from starlette.requests import Request

    from workers.console.house import House
    from workers.database import Database

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
OK, NOT_FOUND, UNAVAILABLE = 200, 404, 503
READY_S_MAX = 2.0
"""Seconds in which the store must answer to count as there."""


def routes(house: House, metrics_token: SecretStr | None) -> list[Route]:
    """Return the routes that are open.

    `/metrics` is for who has the token; without one it is for programs of this machine, and for
    everybody else it is not there.
    """

    async def scrape(request: Request) -> Response:
        if not _may_scrape(request, metrics_token):
            return PlainTextResponse("Not Found", status_code=NOT_FOUND)
        text = await house.readers.run(lambda: metrics.scrape(house.desk.database))
        return Response(text, media_type=MEDIA_TYPE)

    async def readyz(_request: Request) -> Response:
        try:
            async with asyncio.timeout(READY_S_MAX):
                problem = await house.readers.run(lambda: _problem(house.desk.database))
        except (Busy, TimeoutError, psycopg.Error):
            problem = "the store is away"
        return PlainTextResponse(problem or "ok", status_code=UNAVAILABLE if problem else OK)

    return [
        Route("/readyz", readyz, methods=["GET"]),
        Route("/metrics", scrape, methods=["GET"]),
        Route("/livez", _livez, methods=["GET"]),
        Route("/assets/{name}", _asset, methods=["GET"]),
    ]


def _problem(database: Database) -> str | None:
    """Return why no page can be made."""
    with database.transaction(snapshot=True) as tx:
        return mismatch(canaries.schema_revision(tx))


def _may_scrape(request: Request, metrics_token: SecretStr | None) -> bool:
    if metrics_token is None:
        return origins.is_local_peer(request.scope)
    given = request.headers.get("authorization", "")
    wanted = f"Bearer {metrics_token.get_secret_value()}"
    return hmac.compare_digest(given.encode(), wanted.encode())


async def _livez(_request: Request) -> Response:
    """Answer that the process lives."""
    return PlainTextResponse("ok")


async def _asset(request: Request) -> Response:
    found = assets.known().get(request.path_params["name"])
    if found is None:
        return PlainTextResponse("Not Found", status_code=NOT_FOUND)
    is_this_one = request.query_params.get("v") == found.version
    kept = f"public, max-age={assets.KEPT_S}, immutable" if is_this_one else "no-cache"
    return Response(found.body, headers={"content-type": found.media_type, "cache-control": kept})
