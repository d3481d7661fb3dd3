"""The doorkeeper: who is let in to which page and which act, in one place for all of them."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import psycopg
from starlette.responses import RedirectResponse, Response

from domain.errors import PayratchetError
from domain.operators import may
from workers.console import csrf, forms, refusals, sign_in
from workers.console.house import looks_by_itself
from workers.console.page import Asked, Moved
from workers.console.refusals import RoleMissing
from workers.console.saying import SAID

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from starlette.requests import Request

    from workers.console.forms import Form
    from workers.console.house import House
    from workers.console.page import Act, Answer, Page, Who

    Endpoint = Callable[[Request], Coroutine[Any, Any, Response]]

SEE_OTHER = 303


class Doorkeeper:
    """Serves the rows of the tables of pages and acts, to those who may have them."""

    def __init__(self, house: House) -> None:
        self._house = house

    def page(self, page: Page) -> Endpoint:
        """Return what serves a page."""

        async def answer(request: Request) -> Response:
            return await self._house.readers.run(functools.partial(self._read, page, request))

        return answer

    def act(self, act: Act) -> Endpoint:
        """Return what serves an act.

        Its form is not looked at unless a page of ours sends it, and nothing is done before
        session, token and role are right.
        """

        async def answer(request: Request) -> Response:
            csrf.require_own_page(request)
            form = await forms.read(request, bytes_max=act.body_bytes_max)
            return await self._house.readers.run(functools.partial(self._do, act, request, form))

        return answer

    def _read(self, page: Page, request: Request) -> Response:
        who: Who | None = None
        try:
            who = self._house.who(request)
            if who is None:
                return _sign_in_first(request)
            if not may(who.role, page.role):
                raise RoleMissing(f"this page is for the role {page.role}, you are {who.role}")
            asked = self._asked(request, who)
            with self._house.desk.database.transaction(snapshot=page.snapshot) as tx:
                context = page.read(asked, tx)
            return self._draw(request, who, page.template, {"title": page.title, **context})
        except (PayratchetError, psycopg.Error) as error:
            return self.refuse(request, error, who)

    def _do(self, act: Act, request: Request, form: Form) -> Response:
        who: Who | None = None
        try:
            who, token = self._house.who(request), self._house.cookies.session(request)
            if who is None or token is None:
                return _sign_in_first(request)
            csrf.require_token(request, form, self._house.seals, token)
            if not may(who.role, act.role):
                raise RoleMissing(f"this needs the role {act.role}, you are {who.role}")
            answer = act.do(self._house.desk, self._asked(request, who), form)
            return self._answer(request, who, answer)
        except (PayratchetError, psycopg.Error) as error:
            return self.refuse(request, error, who)

    def _asked(self, request: Request, who: Who) -> Asked:
        return Asked(request.path_params, dict(request.query_params), who, self._house.clock())

    def _answer(self, request: Request, who: Who, answer: Answer) -> Response:
        if isinstance(answer, Moved):
            return RedirectResponse(_with_said(answer), SEE_OTHER)
        context = {"title": answer.title, **answer.context}
        return self._draw(request, who, answer.template, context)

    def _draw(
        self,
        request: Request,
        who: Who | None,
        template: str,
        context: dict[str, Any],
        *,
        status: int = 200,
    ) -> Response:
        token = self._house.cookies.session(request)
        own = {
            "who": who,
            "csrf": self._house.seals.of_form(token) if who is not None and token else "",
            "path": request.url.path,
            "said": SAID.get(request.query_params.get("said", "")),
        }
        return self._house.draw(template, {**own, **context}, status=status)

    def refuse(self, request: Request, error: Exception, who: Who | None = None) -> Response:
        """Return the page that says why something is not shown or not done."""
        told = refusals.told(error, is_act=request.method == "POST")
        context = {"title": refusals.title(told), "code": told.code, "message": str(told)}
        return self._draw(request, who, "refused.html", context, status=refusals.status(told))


def _with_said(moved: Moved) -> str:
    if moved.said is None:
        return moved.to
    joint = "&" if "?" in moved.to else "?"
    return f"{moved.to}{joint}{urlencode({'said': moved.said})}"


def _sign_in_first(request: Request) -> Response:
    """Lead to the sign-in page, and from there back to what was asked for."""
    if looks_by_itself(request):
        return Response(status_code=401, headers={"hx-redirect": sign_in.PATH})
    if request.method not in {"GET", "HEAD"}:
        return RedirectResponse(sign_in.PATH, SEE_OTHER)
    query = f"?{request.url.query}" if request.url.query else ""
    wanted = urlencode({"next": f"{request.url.path}{query}"})
    return RedirectResponse(f"{sign_in.PATH}?{wanted}", SEE_OTHER)
