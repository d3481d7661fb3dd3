"""Who sends: refused requests, the keys that signed, and who is silent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.operators import Role
from workers.console import queries
from workers.console.page import Page
from workers.operations.sources import look
from workers.store import console_views, sources
from workers.store.overview_views import EVENTS_LOOKED_AT

if TYPE_CHECKING:
    from workers.console.page import Asked, Context
    from workers.database import Transaction

KNOCKING_SHOWN_MAX = 50
"""Groups of refused requests in one list."""


def _refused(asked: Asked, tx: Transaction) -> Context:
    filters = {"source": queries.text(asked, "source"), "code": queries.text(asked, "code")}
    cursor = queries.number(asked, "cursor")
    listed = console_views.refused(tx, **filters, before=cursor, limit=queries.ROWS_MAX)
    knocking = sources.refused(
        tx, provider=filters["source"], code=filters["code"], limit=KNOCKING_SHOWN_MAX
    )
    return {"listed": listed, "filters": filters, "knocking": knocking}


def _providers(_asked: Asked, tx: Transaction) -> Context:
    found = [{**each.shown(), "keys": each.keys} for each in look(tx)]
    return {"accounts": found, "events_looked_at": EVENTS_LOOKED_AT}


PAGES = (
    Page("/refused", Role.VIEWER, "Refused requests", "refused_requests.html", _refused),
    Page("/providers", Role.VIEWER, "Providers", "providers.html", _providers),
)
