"""Forgery: a form counts only when a page of ours, made for this very session, sent it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.errors import Refused
from workers.console import origins
from workers.console.seals import TOKEN_LENGTH_MAX

if TYPE_CHECKING:
    from starlette.requests import Request

    from workers.console.forms import Form
    from workers.console.seals import Seals

FIELD, HEADER = "csrf", "x-csrf-token"


class ForgerySuspected(Refused):
    """Somebody else's page may have sent this; nothing was done."""

    code = "forgery_suspected"
    http_status = 403
    title = "This did not come from a page of this console"


def require_own_page(request: Request) -> None:
    """Raise ForgerySuspected unless the browser says that a page of ours sends this."""
    if not origins.is_of_ours(request):
        raise ForgerySuspected("load the page again, and send it from there")


def require_token(request: Request, form: Form, seals: Seals, token: str) -> None:
    """Raise ForgerySuspected unless the form, or the script, carries what its session has."""
    carried = request.headers.get(HEADER) or form.fields().get(FIELD, "")
    if len(carried) > TOKEN_LENGTH_MAX or not seals.fits(token, carried):
        raise ForgerySuspected("the page is older than your session; load it again")
