"""One's own sessions: where else one is signed in, and an end to that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.operators import Role
from workers.console.page import Act, Moved, Page
from workers.console.sessions import IDLE
from workers.store import console_sessions, operators

if TYPE_CHECKING:
    from workers.console.forms import Form
    from workers.console.page import Answer, Asked, Context, Desk
    from workers.database import Transaction


def _show(asked: Asked, tx: Transaction) -> Context:
    found = console_sessions.listed(tx, asked.who.name, now=asked.now, idle=IDLE)
    return {
        "sessions": [
            {**each, "is_this_one": each["token_hash"] == asked.who.session} for each in found
        ]
    }


def _end_others(desk: Desk, asked: Asked, form: Form) -> Answer:
    del form
    who = asked.who
    with desk.database.transaction() as tx:
        count = console_sessions.end_others(tx, who.name, keeping=who.session, now=asked.now)
        details = {"sessions_ended": count}
        operators.note(
            tx,
            who.actor,
            "other_sessions_ended",
            who.actor,
            reason="by themselves",
            details=details,
        )
    return Moved("/sessions", "others-ended")


PAGES = (Page("/sessions", Role.VIEWER, "Your sessions", "sessions.html", _show),)
ACTS = (Act("/sessions/end-others", Role.VIEWER, _end_others),)
