"""Edit and replay: what would change is shown first, then it is applied."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from domain.operators import Role
from workers.console.forms import FormRefused
from workers.console.page import Act, Drawn, Moved, row_id
from workers.replaying.edits import BODY_BYTES_MAX, Edit, Edited, changed, edit, preview

if TYPE_CHECKING:
    from workers.console.forms import Form
    from workers.console.page import Answer, Asked, Desk

FORM_BYTES_MAX = 3 * BODY_BYTES_MAX + 8_192
"""A form writes a byte as up to three."""

CHANGES_MAX = 50

SAID = {"applied": "edited", "dead": "edited-dead", "owed": "edited-owed"}


def _preview(desk: Desk, asked: Asked, form: Form) -> Answer:
    """Show what would change, and nothing else of the body."""
    letter_id = row_id(asked, "letter_id")
    body = _body(desk, letter_id, form)
    would = preview(desk.database, Edit(letter_id, body, asked.who.actor, reason=""))
    context = {
        "letter_id": letter_id,
        "would": would,
        "changes": form.raw("changes"),
        "body": form.raw("body"),
    }
    return Drawn("letter_edit.html", f"Edit dead letter {letter_id}", context)


def _edit(desk: Desk, asked: Asked, form: Form) -> Answer:
    letter_id, reason = row_id(asked, "letter_id"), form.text("reason")
    body = _body(desk, letter_id, form)
    done = edit(desk.database, Edit(letter_id, body, asked.who.actor, reason))
    return _after(letter_id, done)


def _after(letter_id: int, done: Edited) -> Moved:
    if done.approval_id is not None:
        return Moved(f"/approvals/{done.approval_id}", "waiting")
    if not done.is_new:
        return Moved(f"/dead-letters/{letter_id}", "edited-before")
    return Moved(f"/dead-letters/{done.letter_id or letter_id}", SAID[done.became])


def _body(desk: Desk, letter_id: int, form: Form) -> bytes:
    """Return the body as the form has it."""
    body, changes = form.raw("body"), form.raw("changes").strip()
    if bool(body) == bool(changes):
        raise FormRefused("say what changes: a line each, or the whole new body")
    if body:
        return body.encode()
    return changed(desk.database, letter_id, [_change(line) for line in _lines(changes)])


def _lines(text: str) -> list[str]:
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    if len(lines) > CHANGES_MAX:
        raise FormRefused(f"at most {CHANGES_MAX} changes")
    return lines


def _change(line: str) -> tuple[str, object]:
    path, equals, value = line.partition("=")
    if not path.strip() or not equals:
        raise FormRefused("changes: each line is path=value")
    try:
        return path.strip(), json.loads(value)
    except (ValueError, RecursionError):
        return path.strip(), value.strip()


ACTS = (
    Act(
        "/dead-letters/{letter_id:int}/edit/preview",
        Role.OPERATOR,
        _preview,
        body_bytes_max=FORM_BYTES_MAX,
    ),
    Act("/dead-letters/{letter_id:int}/edit", Role.OPERATOR, _edit, body_bytes_max=FORM_BYTES_MAX),
)
