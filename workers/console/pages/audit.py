"""The audit: what people did, who, to what, and why. Nothing of it can be changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.operators import Role
from workers.console import places, queries
from workers.console.page import Page
from workers.store import console_views
from workers.store.console_views import HISTORIES, Listed

if TYPE_CHECKING:
    from workers.console.page import Asked, Context
    from workers.database import Transaction


def _list(asked: Asked, tx: Transaction) -> Context:
    of = queries.one_of(asked, "of", tuple(HISTORIES)) or next(iter(HISTORIES))
    filters = {"actor": queries.text(asked, "actor"), "subject": queries.text(asked, "subject")}
    cursor = queries.number(asked, "cursor")
    listed = console_views.history(tx, of, **filters, before=cursor, limit=queries.ROWS_MAX)
    placed = [{**row, "place": places.of_subject(row["subject"])} for row in listed.items]
    listed = Listed(placed, listed.next_cursor)
    return {"listed": listed, "filters": {"of": of, **filters}, "histories": tuple(HISTORIES)}


PAGES = (Page("/audit", Role.VIEWER, "Audit", "audit.html", _list),)
