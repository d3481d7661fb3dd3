"""One dead letter: what came, what was tried, what is known, and what may be done."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from domain.operators import Role, may
from workers.console.page import NotThere, Page, row_id
from workers.store import letters_shown

if TYPE_CHECKING:
    from workers.console.page import Asked, Context
    from workers.database import Transaction

KEY_BYTES = 16


def operation_key() -> str:
    """Return a key for the form of a page: sent twice, it is one operation."""
    return f"console:{secrets.token_hex(KEY_BYTES)}"


def _show(asked: Asked, tx: Transaction) -> Context:
    letter_id = row_id(asked, "letter_id")
    letter = letters_shown.one(tx, letter_id)
    if letter is None:
        raise NotThere(f"There is no dead letter {letter_id}.")
    return {
        "title": f"Dead letter {letter_id}",
        "letter": letter,
        "may_act": may(asked.who.role, Role.OPERATOR),
        "operation_key": operation_key(),
    }


PAGES = (
    Page(
        "/dead-letters/{letter_id:int}",
        Role.VIEWER,
        "Dead letter",
        "letter.html",
        _show,
        sample={"letter_id": "1"},
    ),
)
