"""The console process: `python -m workers.console`. A page and metrics, on a private port."""

from __future__ import annotations

import base64
import hashlib
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import psycopg
import uvicorn
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from workers import logging
from workers.database import Database
from workers.operations import metrics, page
from workers.settings import ConsoleSettings, load
from workers.store import views

if TYPE_CHECKING:
    from starlette.requests import Request

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


def make_app(database: Database) -> Starlette:
    """Return the application. Its endpoints only read."""

    def overview(_request: Request) -> Response:
        with database.transaction() as tx:
            letters = views.letters(tx, filters=OPEN_LETTERS, before=None, limit=LETTERS_SHOWN)
            body = page.render(
                now=datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S"),
                overview=views.overview(tx),
                reasons=views.open_by_reason(tx),
                risk=views.money_at_risk(tx),
                letters=[{name: letter[name] for name in SHOWN} for letter in letters],
            )
        return HTMLResponse(body, headers=HEADERS)

    def scrape(_request: Request) -> Response:
        text = metrics.scrape(database)
        return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")

    def livez(_request: Request) -> Response:
        return PlainTextResponse("ok")

    def away(_request: Request, _error: Exception) -> Response:
        return PlainTextResponse("The record cannot be read right now.", status_code=503)

    return Starlette(
        routes=[Route("/", overview), Route("/metrics", scrape), Route("/livez", livez)],
        exception_handlers={psycopg.OperationalError: away},
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
