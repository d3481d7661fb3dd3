"""Refunds that failed: what is owed to whom, and what helps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.operators import Role
from workers.console import queries
from workers.console.page import Page
from workers.store import refunds_shown

if TYPE_CHECKING:
    from workers.console.page import Asked, Context
    from workers.database import Transaction


def _failed(asked: Asked, tx: Transaction) -> Context:
    cursor = queries.number(asked, "cursor")
    found = refunds_shown.failed(tx, before=cursor, limit=queries.ROWS_MAX)
    more = found[-1]["id"] if len(found) == queries.ROWS_MAX else None
    return {"refunds": found, "next_cursor": more}


PAGES = (Page("/refunds/failed", Role.VIEWER, "Failed refunds", "refunds_failed.html", _failed),)
