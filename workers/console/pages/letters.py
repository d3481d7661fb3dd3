"""Dead letters: what needs a person, one by one and by cause."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.operators import Role
from workers.console import queries
from workers.console.page import Page
from workers.store import letters_shown
from workers.store.letter_filters import ANY_STATUS, OPEN, STATUSES, Wanted

if TYPE_CHECKING:
    from workers.console.page import Asked, Context
    from workers.database import Transaction

REASONS = (
    *("crash_loop", "exhausted", "expired", "illegal_transition", "mismatch", "missing_capture"),
    *("mode_mismatch", "permanent", "provider_refused", "refetch_required", "schema"),
    *("unheard", "unknown_reference"),
)
ANY = (*STATUSES, ANY_STATUS)

GROUPS_SHOWN_MAX = 100
"""Causes in one list, the largest."""


def wanted(asked: Asked) -> Wanted:
    """Return the letters that an address asks for. Raises FilterWrong for what has no meaning."""
    return Wanted(
        provider=queries.text(asked, "provider"),
        type=queries.text(asked, "type"),
        reason=queries.one_of(asked, "reason", REASONS),
        fingerprint=queries.text(asked, "fingerprint"),
        reference=queries.text(asked, "reference"),
        owner=queries.text(asked, "owner"),
        older_than_s=queries.number(asked, "older_than_s"),
        amount_over_minor=queries.number(asked, "amount_over_minor"),
        currency=queries.text(asked, "currency"),
        status=queries.one_of(asked, "status", ANY) or OPEN,
    )


def _list(asked: Asked, tx: Transaction) -> Context:
    cursor = queries.number(asked, "cursor")
    found = letters_shown.page(tx, wanted(asked), before=cursor, limit=queries.ROWS_MAX)
    more = found[-1]["id"] if len(found) == queries.ROWS_MAX else None
    return {**_filters(asked), "letters": found, "next_cursor": more}


def _groups(asked: Asked, tx: Transaction) -> Context:
    found = letters_shown.groups(tx, wanted(asked), limit=GROUPS_SHOWN_MAX)
    return {**_filters(asked), "groups": found, "groups_max": GROUPS_SHOWN_MAX}


def _filters(asked: Asked) -> Context:
    told = wanted(asked).told()
    return {"filters": told, "reasons": REASONS, "statuses": ANY}


PAGES = (
    Page("/dead-letters", Role.VIEWER, "Dead letters", "letters.html", _list),
    Page("/dead-letters/groups", Role.VIEWER, "Dead letters by cause", "groups.html", _groups),
)
