"""What people do to one dead letter: let it go, take it back, say something, look into it."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from domain.operators import NAME, Role
from workers.console.forms import FormRefused
from workers.console.page import Act, Drawn, Moved, NotThere, row_id
from workers.console.pages import letter_edits
from workers.replaying.edits import LetterNotOpen
from workers.store import letter_acts, letters_shown

if TYPE_CHECKING:
    from workers.console.forms import Form
    from workers.console.page import Answer, Asked, Desk


def at(letter_id: int) -> str:
    """Return where a letter is shown."""
    return f"/dead-letters/{letter_id}"


def _discard(desk: Desk, asked: Asked, form: Form) -> Answer:
    letter_id, reason = row_id(asked, "letter_id"), form.text("reason")
    with desk.database.transaction() as tx:
        count = letter_acts.discard(tx, [letter_id], actor=asked.who.actor, reason=reason)
    return _done(letter_id, count, "discarded", "open")


def _reopen(desk: Desk, asked: Asked, form: Form) -> Answer:
    letter_id, reason = row_id(asked, "letter_id"), form.text("reason")
    with desk.database.transaction() as tx:
        count = letter_acts.reopen(tx, [letter_id], actor=asked.who.actor, reason=reason)
    return _done(letter_id, count, "reopened", "discarded")


def _note(desk: Desk, asked: Asked, form: Form) -> Answer:
    letter_id, text = row_id(asked, "letter_id"), form.text("text")
    with desk.database.transaction() as tx:
        count = letter_acts.note(tx, [letter_id], "noted", actor=asked.who.actor, reason=text)
    return _done(letter_id, count, "noted", "there")


def _assign(desk: Desk, asked: Asked, form: Form) -> Answer:
    letter_id, reason = row_id(asked, "letter_id"), form.text("reason")
    owner = form.optional("owner")
    if owner is not None and not NAME.fullmatch(owner):
        raise FormRefused("owner: the name of an operator")
    with desk.database.transaction() as tx:
        count = letter_acts.assign(tx, [letter_id], owner, actor=asked.who.actor, reason=reason)
    return _done(letter_id, count, "assigned", "open")


def _done(letter_id: int, count: int, said: str, status: str) -> Moved:
    if not count:
        raise LetterNotOpen(f"Dead letter {letter_id} is not {status}: nothing was done.")
    return Moved(at(letter_id), said)


def _reveal(desk: Desk, asked: Asked, form: Form) -> Answer:
    """Write down that somebody sees the body, and only then show it."""
    letter_id, reason = row_id(asked, "letter_id"), form.text("reason")
    with desk.database.transaction() as tx:
        body = letters_shown.unmasked_body(tx, letter_id)
        if body is None:
            raise NotThere(f"There is no dead letter {letter_id} with its event.")
        letter_acts.note(tx, [letter_id], "revealed", actor=asked.who.actor, reason=reason)
    try:
        text, is_text = body.decode(), True
    except UnicodeDecodeError:
        text, is_text = base64.b64encode(body).decode(), False
    context = {"letter_id": letter_id, "body": text, "is_text": is_text}
    return Drawn("revealed.html", f"Body of dead letter {letter_id}", context)


ACTS = (
    Act("/dead-letters/{letter_id:int}/discard", Role.OPERATOR, _discard),
    Act("/dead-letters/{letter_id:int}/reopen", Role.OPERATOR, _reopen),
    Act("/dead-letters/{letter_id:int}/note", Role.OPERATOR, _note),
    Act("/dead-letters/{letter_id:int}/assign", Role.OPERATOR, _assign),
    Act("/dead-letters/{letter_id:int}/reveal", Role.OPERATOR, _reveal),
    *letter_edits.ACTS,
)
