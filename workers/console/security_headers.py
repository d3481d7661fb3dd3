"""Headers: what a browser is told about every answer, and whom we answer at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse

from workers.console import origins

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
    # Not `no-referrer`: with that a browser sends forms with the origin `null`.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "accelerometer=(), camera=(), clipboard-read=(), display-capture=(), "
    "fullscreen=(), geolocation=(), gyroscope=(), microphone=(), payment=(), usb=()",
}

NO_STORE = "no-store"
"""Nothing that an operator saw is kept by the browser."""

HSTS = "max-age=31536000"
"""Browsers heed it over https only; a name of this machine is never told."""

URL_LENGTH_MAX = 4_000
"""Characters of a path and its query."""


class Gate:
    """In front of the application: whose name we are called by, and what every answer says."""

    def __init__(self, app: ASGIApp, *, hosts: frozenset[str]) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        name = origins.host(scope)

        async def headed(message: Message) -> None:
            if message["type"] == "http.response.start":
                _head(MutableHeaders(scope=message), name)
            await send(message)

        refusal = self._refusal(scope, name)
        await (refusal or self._app)(scope, receive, headed)

    def _refusal(self, scope: Scope, name: str | None) -> ASGIApp | None:
        # A page of somebody else's, whose name was made to point here, calls us by that name.
        if name not in self._hosts:
            return PlainTextResponse("This console has another name.", status_code=421)
        if len(scope["path"]) + len(scope["query_string"]) > URL_LENGTH_MAX:
            return PlainTextResponse("The address is too long.", status_code=414)
        return None


def _head(headers: MutableHeaders, name: str | None) -> None:
    for header, value in HEADERS.items():
        headers[header] = value
    headers.setdefault("cache-control", NO_STORE)
    if name not in origins.LOOPBACK_NAMES:
        headers["strict-transport-security"] = HSTS
