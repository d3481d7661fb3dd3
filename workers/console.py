"""The console process: `python -m workers.console`. A page and metrics, on a private port."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

import psycopg
import uvicorn
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from workers import logging
from workers.database import Database
from workers.operations import metrics, page
from workers.settings import ConsoleSettings, load
from workers.store import reconciliation_views, views

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from starlette.requests import Request

T = TypeVar("T")

LETTERS_SHOWN = 20
STOP_WITHIN_S = 5

_STYLE_HASH = base64.b64encode(hashlib.sha256(page.STYLE.encode()).digest()).decode()

HEADERS = {
    "content-security-policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}

SHOWN = ("id", "reason", "provider", "type", "reference", "amount_minor", "currency", "dead_at")


class Pages:
    """What the console answers, read by one thread with one connection: a few ms at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="console")

    async def overview(self, _request: Request) -> Response:
        """Answer with the page."""
        return HTMLResponse(await self._read(self._page), headers=HEADERS)

    async def scrape(self, _request: Request) -> Response:
        """Answer with the figures."""
        text = await self._read(lambda: metrics.scrape(self._database))
        media_type = "text/plain; version=0.0.4; charset=utf-8"
        return Response(text, media_type=media_type, headers=HEADERS)

    @contextlib.asynccontextmanager
    async def lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        """Let go of the connection at the end, in the thread that has it."""
        yield
        await self._read(self._database.close)
        self._reader.shutdown()

    async def _read(self, what: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._reader, what)

    def _page(self) -> str:
        with self._database.transaction() as tx:
            letters = views.letters(tx, filters=OPEN_LETTERS, before=None, limit=LETTERS_SHOWN)
            return page.render(
                now=datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S"),
                overview=views.overview(tx),
                reasons=views.open_by_reason(tx),
                risk=views.money_at_risk(tx),
                letters=[{name: letter[name] for name in SHOWN} for letter in letters],
                reconciled=reconciliation_views.covered(tx),
            )


async def livez(_request: Request) -> Response:
    """Answer that the process lives."""
    return PlainTextResponse("ok")


async def away(_request: Request, _error: Exception) -> Response:
    """Answer for a record that cannot be read."""
    return PlainTextResponse("The record cannot be read right now.", status_code=503)


def make_app(database: Database) -> Starlette:
    """Return the application. Its endpoints only read."""
    pages = Pages(database)
    return Starlette(
        routes=[
            Route("/", pages.overview),
            Route("/metrics", pages.scrape),
            Route("/livez", livez),
        ],
        exception_handlers={psycopg.OperationalError: away},
        lifespan=pages.lifespan,
    )


OPEN_LETTERS: dict[str, str | None] = {
    "provider": None,
    "type": None,
    "reason": None,
    "fingerprint": None,
    "status": "open",
    "reference": None,
}


def main() -> int:
    """Serve until SIGTERM or SIGINT."""
    logging.configure("console")
    settings = load(ConsoleSettings)
    uvicorn.run(
        make_app(Database(settings.database_url, name="payratchet console")),
        host=settings.console_host,
        port=settings.console_port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=STOP_WITHIN_S,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
