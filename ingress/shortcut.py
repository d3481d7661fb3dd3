"""The shortcut: a request for a path that was known at the start goes straight to its endpoint.

Matching patterns and what surrounds it cost more than checking a signature, and nearly every
request is for one of a few paths. Everything else takes the long way and is answered the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Receive, Scope, Send

    PathParameters = Mapping[str, str]


class Shortcut:
    """Middleware, the innermost. `paths` of the endpoint come with what a route finds in each."""

    def __init__(
        self, app: ASGIApp, *, endpoint: ASGIApp, paths: Mapping[str, PathParameters]
    ) -> None:
        self._app = app
        self._endpoint = endpoint
        self._paths = dict(paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, past the router when its path is known."""
        parameters = self._paths.get(scope["path"]) if scope["type"] == "http" else None
        if parameters is None:
            await self._app(scope, receive, send)
        else:
            scope["path_params"] = parameters
            await self._endpoint(scope, receive, send)
