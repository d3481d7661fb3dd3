"""The table of all pages and acts: what is not in it, is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workers.console.pages import (
    approvals,
    audit,
    events,
    letter,
    letter_acts,
    letters,
    letters_discarded,
    letters_replayed,
    overview,
    payment_acts,
    payments,
    reconciliation,
    refunds,
    replays,
    sessions,
    sources,
)

if TYPE_CHECKING:
    from workers.console.page import Act, Page

PAGES: tuple[Page, ...] = (
    *overview.PAGES,
    *payments.PAGES,
    *letters.PAGES,
    *events.PAGES,
    *sources.PAGES,
    *reconciliation.PAGES,
    *audit.PAGES,
    *letter.PAGES,
    *letters_replayed.PAGES,
    *letters_discarded.PAGES,
    *refunds.PAGES,
    *replays.PAGES,
    *approvals.PAGES,
    *payment_acts.PAGES,
    *sessions.PAGES,
)
ACTS: tuple[Act, ...] = (
    *letter_acts.ACTS,
    *letters_replayed.ACTS,
    *letters_discarded.ACTS,
    *events.ACTS,
    *replays.ACTS,
    *approvals.ACTS,
    *payment_acts.ACTS,
    *sessions.ACTS,
)
