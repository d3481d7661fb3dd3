"""Signing in and out: the only pages that are for whoever comes."""

from __future__ import annotations

import functools
from math import ceil
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import structlog
from starlette.responses import RedirectResponse

from domain.addresses import client_address
from domain.operators import NAME, PASSWORD_LENGTH_MAX, actor_of
from workers.console import csrf, forms, throttle
from workers.console.saying import SAID
from workers.console.seals import new_token
from workers.store import operators

if TYPE_CHECKING:
    from datetime import timedelta

    from starlette.requests import Request
    from starlette.responses import Response

    from workers.console.house import House

log = structlog.get_logger()

PATH = "/sign-in"
SEE_OTHER = 303
FORM_BYTES_MAX = 8_192
NEXT_LENGTH_MAX = 2_000
WRONG = "The name or the password is wrong."


class SignIn:
    """The form, and what becomes of it."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def show(self, request: Request) -> Response:
        """Show the form; whoever is signed in already goes on."""
        house = self._house
        wanted = own_path(request.query_params.get("next"))
        if await house.readers.run(lambda: house.who(request)) is not None:
            return RedirectResponse(wanted, SEE_OTHER)
        said = SAID.get(request.query_params.get("said", ""))
        return self._form(request, wanted=wanted, said=said)

    async def enter(self, request: Request) -> Response:
        """Sign somebody in, or show the form again with the one sentence that says no more."""
        csrf.require_own_page(request)
        form = await forms.read(request, bytes_max=FORM_BYTES_MAX)
        house, door = self._house, self._house.cookies.door(request)
        if door is None:
            return self._form(request, status=403, said="Your browser must keep our cookie.")
        csrf.require_token(request, form, house.seals, door)
        name, password = form.fields().get("name", ""), form.fields().get("password", "")
        address = client_address(request.scope, house.trusted_proxies)
        tried = throttle.keys(name[:PASSWORD_LENGTH_MAX], address)
        wait, kept = await house.readers.run(lambda: self._admit(name, tried))
        if wait is not None:
            return self._throttled(request, wait, address)
        if not await house.checker.is_right(kept, password[: PASSWORD_LENGTH_MAX + 1]):
            kept = None
        token = await house.readers.run(
            functools.partial(self._end, request, name, kept, tried, address)
        )
        wanted = own_path(form.fields().get("next"))
        if token is None:
            return self._form(request, status=401, said=WRONG, wanted=wanted)
        response = RedirectResponse(wanted, SEE_OTHER)
        house.cookies.set_session(request, response, token)
        return response

    async def leave(self, request: Request) -> Response:
        """End the session, whoever's it is."""
        csrf.require_own_page(request)
        form = await forms.read(request, bytes_max=FORM_BYTES_MAX)
        token = self._house.cookies.session(request)
        if token is not None:
            csrf.require_token(request, form, self._house.seals, token)
            await self._house.readers.run(functools.partial(self._leave, token))
        response = RedirectResponse(f"{PATH}?said=signed-out", SEE_OTHER)
        self._house.cookies.drop_session(request, response)
        response.headers["clear-site-data"] = '"cache"'
        return response

    def _admit(self, name: str, tried: throttle.Keys) -> tuple[timedelta | None, str | None]:
        with self._house.desk.database.transaction() as tx:
            wait = throttle.admit(tx, tried, now=self._house.clock())
            is_name = wait is None and NAME.fullmatch(name) is not None
            return wait, operators.password_hash(tx, name) if is_name else None

    def _end(
        self, request: Request, name: str, kept: str | None, tried: throttle.Keys, address: str
    ) -> str | None:
        """Begin the session and return its token; or keep that it failed, and return None."""
        house, now = self._house, self._house.clock()
        with house.desk.database.transaction() as tx:
            # Looked at again: the password may have been changed while it was checked.
            if kept is None or operators.password_hash(tx, name) != kept:
                is_known = NAME.fullmatch(name) and operators.by_name(tx, name) is not None
                subject = actor_of(name) if is_known else "operator:unknown"
                operators.note(
                    tx, f"address:{address}", "sign_in_failed", subject, reason="wrong password"
                )
                return None
            throttle.forgive(tx, tried)
            before = house.cookies.session(request)
            if before is not None:
                house.sessions.end(tx, before, now=now, why="signed in again")
            actor = actor_of(name)
            operators.note(tx, actor, "signed_in", actor, reason=f"from {address}")
            return house.sessions.begin(tx, name, address=address, now=now)

    def _leave(self, token: str) -> None:
        with self._house.desk.database.transaction() as tx:
            self._house.sessions.end(tx, token, now=self._house.clock(), why="by themselves")

    def _throttled(self, request: Request, wait: timedelta, address: str) -> Response:
        wait_s = ceil(wait.total_seconds())
        log.warning(
            "console.sign_in_throttled", actor=f"address:{address}", reason=f"{wait_s} s to wait"
        )
        said = f"Too many tries. Wait {ceil(wait_s / 60)} min, and try again."
        response = self._form(request, status=429, said=said)
        response.headers["retry-after"] = str(wait_s)
        return response

    def _form(
        self, request: Request, *, status: int = 200, said: str | None = None, wanted: str = "/"
    ) -> Response:
        door = self._house.cookies.door(request)
        token = door or new_token()
        response = self._house.draw(
            "sign_in.html",
            {
                "title": "Sign in",
                "who": None,
                "csrf": self._house.seals.of_form(token),
                "path": PATH,
                "said": said,
                "wanted": wanted,
            },
            status=status,
        )
        if door is None:
            self._house.cookies.set_door(request, response, token)
        return response


def own_path(wanted: str | None) -> str:
    """Return where to go after signing in: a path of ours, and the overview for anything else."""
    if wanted is None or len(wanted) > NEXT_LENGTH_MAX or not wanted.isprintable():
        return "/"
    is_path = wanted.startswith("/") and not wanted.startswith(("//", "/\\"))
    if not is_path or "\\" in wanted or " " in wanted:
        return "/"
    parts = urlsplit(wanted)
    is_ours = not parts.scheme and not parts.netloc and not parts.path.startswith("/sign-")
    return wanted if is_ours else "/"
