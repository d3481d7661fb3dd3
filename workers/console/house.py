"""The house: what all answers of the console are made with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from starlette.responses import HTMLResponse

from workers.console import templates

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.requests import Request

    from domain.addresses import Network
    from workers.console.checking import Checker
    from workers.console.cookies import Cookies
    from workers.console.page import Desk, Who
    from workers.console.reading import Readers
    from workers.console.seals import Seals
    from workers.console.sessions import Sessions

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Return the time by which sessions end and throttles open."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class House:
    """Made once; nothing in it belongs to a request."""

    desk: Desk
    readers: Readers
    sessions: Sessions
    seals: Seals
    cookies: Cookies
    checker: Checker
    trusted_proxies: Sequence[Network]
    clock: Clock = utc_now

    def who(self, request: Request) -> Who | None:
        """Return who is signed in. In a reader's thread; raises psycopg.OperationalError."""
        token = self.cookies.session(request)
        if token is None:
            return None
        with self.desk.database.transaction(durable=False) as tx:
            return self.sessions.find(
                tx, token, now=self.clock(), in_use=not looks_by_itself(request)
            )

    def draw(self, template: str, context: Mapping[str, Any], *, status: int = 200) -> HTMLResponse:
        """Return a page."""
        text = templates.draw(template, {"now": self.clock(), **context})
        return HTMLResponse(text, status_code=status)


def looks_by_itself(request: Request) -> bool:
    """Return whether a page that keeps itself up to date asks, and not a person.

    An open page must not keep a session alive for ever.
    """
    headers = request.headers
    return "hx-request" in headers and "hx-boosted" not in headers and request.method == "GET"
