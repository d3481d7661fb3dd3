"""Inbound events: all that came in, masked, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.operators import Role
from workers.console import queries
from workers.console.page import NotThere, Page
from workers.store import events_shown
from workers.store.console_views import Listed
from workers.store.events_shown import BECAME, EventsWanted

if TYPE_CHECKING:
    from workers.console.page import Asked, Context
    from workers.database import Transaction


def _list(asked: Asked, tx: Transaction) -> Context:
    wanted = EventsWanted(
        queries.text(asked, "provider"),
        queries.text(asked, "account"),
        queries.text(asked, "reference"),
        queries.one_of(asked, "became", BECAME),
    )
    cursor = queries.number(asked, "cursor")
    found, more = events_shown.page(tx, wanted, before=cursor, limit=queries.ROWS_MAX)
    return {"listed": Listed(found, more), "filters": wanted._asdict(), "ends": BECAME}


def _one(asked: Asked, tx: Transaction) -> Context:
    event_id = queries.whole(asked.path["event_id"], "the event")
    found = events_shown.one(tx, event_id)
    if found is None:
        raise NotThere(f"no event {event_id} is kept")
    return {"event": found, "title": f"Event {event_id}"}


PAGES = (
    Page("/events", Role.VIEWER, "Inbound events", "events.html", _list),
    Page(
        "/events/{event_id}",
        Role.VIEWER,
        "Event",
        "event.html",
        _one,
        sample={"event_id": "1"},
    ),
)
