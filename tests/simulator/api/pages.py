"""The page at which a customer pays: plain HTML and a form, so that a script can use it too."""

from __future__ import annotations

from html import escape
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit, urlunsplit

from starlette.responses import HTMLResponse, RedirectResponse
from starlette.routing import Route

from tests.simulator.api.checkout import NotPossible, Stage

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from tests.simulator.api.checkout import Checkout
    from tests.simulator.api.counter import Counter
    from tests.simulator.api.world import World

STYLE = """
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 24rem; margin: 4rem auto; padding: 0 1rem }
strong { display: block; font-size: 2rem }
button { font: inherit; padding: .5rem 1rem; margin: 0 .5rem .5rem 0 }
"""
ACTS = {"pay": "Pay", "decline": "Decline", "leave": "Leave"}


def routes(world: World) -> list[Route]:
    """Return the pages of both providers."""
    made = []
    for name, counter in world.counters.items():
        page = _Page(counter)
        path = f"/{name}/checkout/{{code}}"
        made += [
            Route(path, page.show, methods=["GET"]),
            Route(f"{path}/{{act}}", page.act, methods=["POST"]),
        ]
    return made


class _Page:
    """The pages of one provider."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    async def show(self, request: Request) -> Response:
        """Show what is to be paid."""
        found = self._counter.checkouts.get(request.path_params["code"])
        if found is None:
            return _html("No such checkout", "", status=HTTPStatus.NOT_FOUND)
        if self._counter.is_closed(found):
            return _html("This checkout is closed", f"<p>It is {found.stage}.</p>")
        sale = found.sale
        buttons = "".join(
            f'<form method="post" action="{escape(found.code)}/{act}" style="display:inline">'
            f"<button>{title}</button></form>"
            for act, title in ACTS.items()
        )
        amount = f"<p><strong>{sale.amount_minor} {escape(sale.currency)}</strong> in minor units"
        about = f"{amount} for {escape(sale.reference)}</p>"
        return _html(f"Simulated {self._counter.name} checkout", about + buttons)

    async def act(self, request: Request) -> Response:
        """Do what the customer chose."""
        found = self._counter.checkouts.get(request.path_params["code"])
        act = request.path_params["act"]
        if found is None or act not in ACTS:
            return _html("No such checkout", "", status=HTTPStatus.NOT_FOUND)
        acts: dict[str, Callable[[Checkout], object]] = {
            "pay": self._counter.pay,
            "decline": self._counter.decline,
            "leave": self._counter.abandon,
        }
        try:
            acts[act](found)
        except NotPossible as impossible:
            title = "That is not possible any more"
            return _html(title, f"<p>{escape(str(impossible))}</p>", status=HTTPStatus.CONFLICT)
        target = _target(found)
        if target is None:
            return _html(f"The checkout is {found.stage}", "<p>You may close this page.</p>")
        return RedirectResponse(target, HTTPStatus.SEE_OTHER)


def _target(checkout: Checkout) -> str | None:
    """Return where the customer goes on, as the provider writes it."""
    url = checkout.return_url if checkout.stage is Stage.PAID else checkout.leave_url
    if not url or urlsplit(url).scheme not in {"http", "https"}:
        return None
    if checkout.sale.provider == "stripe":
        return url.replace("{CHECKOUT_SESSION_ID}", checkout.code)
    parts = urlsplit(url)
    reference = checkout.sale.reference
    added = urlencode({"trxref": reference, "reference": reference})
    return urlunsplit(parts._replace(query="&".join(filter(None, [parts.query, added]))))


def _html(title: str, body: str, *, status: int = HTTPStatus.OK) -> Response:
    return HTMLResponse(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style><h1>{escape(title)}</h1>{body}</html>",
        status_code=status,
    )
