"""Money for payments that nobody announced: held in suspense, released when somebody does."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from domain.delivery import ProviderEvent
from domain.judgement import Buried, release, unclaimed_id
from workers.store import ledger

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.judgement import Heard, Verdict
    from workers.database import Transaction
    from workers.store.inbox import Work


class Dealt(NamedTuple):
    """An event and what was decided of it; `announced` says that its payment is known."""

    work: Work
    heard: Heard
    verdict: Verdict
    announced: bool


def hold(dealt: Sequence[Dealt]) -> list[ledger.Posting]:
    """Return the postings that hold money nobody announced, in the order of its names.

    Two events may tell of the same money: it is held once, in this batch and in the books.
    """
    wanted: dict[str, ledger.Posting] = {}
    for item in dealt:
        if isinstance(item.verdict, Buried):
            for movement in item.verdict.unclaimed:
                posting = ledger.Posting(movement, None, item.work.event_id, item.work.now)
                wanted.setdefault(movement.object_id, posting)
    return [wanted[object_id] for object_id in sorted(wanted)]


def release_announced(tx: Transaction, dealt: Sequence[Dealt]) -> list[ledger.Posting]:
    """Return the postings that release what was held for payments that are announced now."""
    wanted = {
        unclaimed_id(item.heard, fact): item.work
        for item in dealt
        if item.announced and item.heard.replayed and isinstance(item.heard.said, ProviderEvent)
        for fact in item.heard.said.facts
    }
    held = ledger.unclaimed(tx, sorted(wanted)) if wanted else {}
    return [
        ledger.Posting(release(movement), None, wanted[object_id].event_id, wanted[object_id].now)
        for object_id, movement in held.items()
    ]
