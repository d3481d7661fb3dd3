"""Inbound events: all that came in, masked, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.commands import INTERNAL
from domain.operators import Role, may
from workers.console import queries
from workers.console.page import Act, Moved, NotThere, Page, row_id
from workers.replaying.again import try_again
from workers.store import events_shown
from workers.store.console_views import Listed
from workers.store.events_shown import BECAME, EventsWanted

if TYPE_CHECKING:
    from workers.console.forms import Form
    from workers.console.page import Answer, Asked, Context, Desk
    from workers.database import Transaction


FINISHED = frozenset({"applied", "ignored", "no_change"})
SAID = {"dead": "tried-dead", "owed": "tried-owed"}


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
    is_finished = found["became"] in FINISHED and found["provider"] != INTERNAL
    return {
        "event": found,
        "title": f"Event {event_id}",
        "may_replay": is_finished and may(asked.who.role, Role.OPERATOR),
    }


def _replay(desk: Desk, asked: Asked, form: Form) -> Answer:
    """Try the event again at once; what is known stays known."""
    event_id, reason = row_id(asked, "event_id"), form.text("reason")
    done = try_again(desk.database, [event_id], actor=asked.who.actor, reason=reason)
    [(_, became)] = done.became
    return Moved(f"/events/{event_id}", SAID.get(became, "tried"))


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
ACTS = (Act("/events/{event_id:int}/replay", Role.OPERATOR, _replay),)
