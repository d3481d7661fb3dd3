"""Cookies: one for a session, one for whoever has none yet; no script reads them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from workers.console import origins

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

SESSION, SESSION_PLAIN = "__Host-payratchet", "payratchet_session"
DOOR, DOOR_PLAIN = "__Host-payratchet-door", "payratchet_door"
"""Names with `__Host-` hold a browser to https, this very host, and all of its paths."""

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


class Cookies:
    """How cookies are read and set. `always_secure`: even where the request came in the clear."""

    def __init__(self, *, always_secure: bool) -> None:
        self._always_secure = always_secure

    def session(self, request: Request) -> str | None:
        """Return the token of a session, where there is one that may be one."""
        return self._read(request, SESSION, SESSION_PLAIN)

    def door(self, request: Request) -> str | None:
        """Return the token of a browser that has seen the sign-in form."""
        return self._read(request, DOOR, DOOR_PLAIN)

    def set_session(self, request: Request, response: Response, token: str) -> None:
        """Give a browser its session, until it is closed or the session ends."""
        self._set(request, response, self._name(request, SESSION, SESSION_PLAIN), token)
        self._drop(request, response, self._name(request, DOOR, DOOR_PLAIN))

    def set_door(self, request: Request, response: Response, token: str) -> None:
        """Give a browser what the sign-in form is held against."""
        self._set(request, response, self._name(request, DOOR, DOOR_PLAIN), token)

    def drop_session(self, request: Request, response: Response) -> None:
        """Have a browser forget its session."""
        self._drop(request, response, self._name(request, SESSION, SESSION_PLAIN))

    def is_secure(self, request: Request) -> bool:
        """Return whether the browser may send cookies over https only."""
        return self._always_secure or not origins.is_clear_loopback(request)

    def _name(self, request: Request, secure: str, plain: str) -> str:
        return secure if self.is_secure(request) else plain

    def _read(self, request: Request, secure: str, plain: str) -> str | None:
        value = request.cookies.get(self._name(request, secure, plain), "")
        return value if _TOKEN.fullmatch(value) else None

    def _set(self, request: Request, response: Response, name: str, value: str) -> None:
        is_secure = self.is_secure(request)
        response.set_cookie(
            name, value, path="/", secure=is_secure, httponly=True, samesite="strict"
        )

    def _drop(self, request: Request, response: Response, name: str) -> None:
        is_secure = self.is_secure(request)
        response.delete_cookie(name, path="/", secure=is_secure, httponly=True, samesite="strict")
