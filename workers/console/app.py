"""The application: what stands at which address, and what every request passes."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from typing import TYPE_CHECKING

import psycopg
import structlog
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from domain.errors import PayratchetError
from workers import pulse
from workers.console import open_to_all, origins, routes, sign_in
from workers.console.checking import Checker
from workers.console.cookies import Cookies
from workers.console.doorkeeper import Doorkeeper
from workers.console.house import House, utc_now
from workers.console.page import Desk, NotThere
from workers.console.reading import Readers
from workers.console.seals import Seals
from workers.console.security_headers import Gate
from workers.console.sessions import Sessions

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp

    from workers.console.house import Clock
    from workers.database import Database
    from workers.settings import ConsoleSettings

log = structlog.get_logger()

TURN_EVERY_S = 1.0
LOOP_STALL_S_MAX = 15.0
"""How often the loop says that it turns, and after how long without that it does no more. It waits
so long for a page that is being made when it stops."""

BROKEN = "Something broke that should not. What was asked for may or may not be done: look again."


@contextlib.asynccontextmanager
async def _lifespan(house: House, _app: Starlette) -> AsyncIterator[None]:
    """Have the loop's turning seen; let go of threads and connections at the end."""
    with pulse.at_work(LOOP_STALL_S_MAX):
        turning = asyncio.create_task(_turn())
        yield
        house.checker.close()
        await house.readers.close()
        turning.cancel()


async def _turn() -> None:
    while True:
        pulse.beat()
        await asyncio.sleep(TURN_EVERY_S)


async def _broken(_request: Request, error: Exception) -> Response:
    """Answer for a fault of ours; what it is, the log says and the page does not."""
    log.error("console.broken", error_class=type(error).__name__)
    return PlainTextResponse(BROKEN, status_code=500)


def _house(database: Database, settings: ConsoleSettings, clock: Clock) -> House:
    seals = Seals(settings.session_secret.get_secret_value())
    return House(
        Desk(database),
        Readers(database),
        Sessions(seals),
        seals,
        Cookies(always_secure=settings.console_secure_cookies == "always"),
        Checker(),
        settings.trusted_proxies,
        clock,
    )


def make_app(database: Database, settings: ConsoleSettings, *, clock: Clock = utc_now) -> ASGIApp:
    """Return the application."""
    house = _house(database, settings, clock)
    keeper, door = Doorkeeper(house), sign_in.SignIn(house)

    async def refuse(request: Request, error: Exception) -> Response:
        return keeper.refuse(request, error)

    async def nowhere(request: Request, _error: Exception) -> Response:
        return keeper.refuse(request, NotThere("Nothing is at this address."))

    app = Starlette(
        routes=[
            *open_to_all.routes(house, settings.metrics_token),
            Route(sign_in.PATH, door.show, methods=["GET"]),
            Route(sign_in.PATH, door.enter, methods=["POST"]),
            Route("/sign-out", door.leave, methods=["POST"]),
            *(Route(each.path, keeper.page(each), methods=["GET"]) for each in routes.PAGES),
            *(Route(each.path, keeper.act(each), methods=["POST"]) for each in routes.ACTS),
        ],
        exception_handlers={
            PayratchetError: refuse,
            psycopg.OperationalError: refuse,
            404: nowhere,
            Exception: _broken,
        },
        lifespan=functools.partial(_lifespan, house),
    )
    app.router.redirect_slashes = False
    hosts = origins.allowed_hosts(settings.console_hosts, settings.console_host)
    return Gate(app, hosts=hosts)
