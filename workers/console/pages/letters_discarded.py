"""A group of dead letters is let go: seen first, counted, and for a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.errors import PayratchetError
from domain.operators import Role
from workers.console import letter_filter
from workers.console.forms import FormRefused
from workers.console.page import ID_MAX, Act, Moved, Page
from workers.store import letter_acts, letters_shown

if TYPE_CHECKING:
    from workers.console.forms import Form
    from workers.console.page import Answer, Asked, Context, Desk
    from workers.database import Transaction

DISCARDED_MAX = 10_000
"""Letters that are let go at a time: all of them or none, within the time of one statement."""

GROUPS_SHOWN = 10


class LettersChanged(PayratchetError):
    """The letters are no longer those that somebody saw and agreed to."""

    code = "dead_letters_changed"


def _choose(asked: Asked, tx: Transaction) -> Context:
    """Show which letters would be let go; `newest` is the last of those that are."""
    fields = letter_filter.of_address(asked.query)
    if not fields:
        raise FormRefused("say which letters: a filter, or all of them")
    wanted = letter_filter.wanted(fields)
    found = letters_shown.ids(tx, wanted, limit=DISCARDED_MAX)
    return {
        "fields": fields,
        "matched": letters_shown.count(tx, wanted),
        "seen": len(found),
        "newest": max(found, default=0),
        "groups": letters_shown.groups(tx, wanted, limit=GROUPS_SHOWN),
        "groups_max": GROUPS_SHOWN,
    }


def _discard(desk: Desk, asked: Asked, form: Form) -> Answer:
    """Let go of the letters that the page has shown, or of none; what died since stays."""
    wanted = letter_filter.wanted(letter_filter.of_form(form.fields()))
    seen = form.number("seen", least=1, most=DISCARDED_MAX)
    newest = form.number("newest", least=1, most=ID_MAX)
    reason = form.text("reason")
    if seen is None or newest is None:
        raise FormRefused("seen, newest: these must be filled in")
    with desk.database.transaction() as tx:
        found = letters_shown.ids(tx, wanted, limit=DISCARDED_MAX)
        meant = [letter_id for letter_id in found if letter_id <= newest]
        count = letter_acts.discard(tx, meant, actor=asked.who.actor, reason=reason)
        if count != seen:
            raise LettersChanged(
                f"{count} of the {seen} letters that you saw are still open: look again"
            )
    return Moved("/dead-letters/groups", "group-discarded")


PAGES = (
    Page(
        "/dead-letters/discard",
        Role.OPERATOR,
        "Discard dead letters",
        "letters_discard.html",
        _choose,
    ),
)
ACTS = (Act("/dead-letters/discard", Role.OPERATOR, _discard),)
