"""Money for payments that nobody announced: held in suspense, released when somebody does."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from domain.delivery import ProviderEvent
from domain.judgement import Buried, release, unclaimed_id
from workers.store import ledger

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from domain.judgement import Heard, Verdict
    from domain.ledger import Movement
    from workers.database import Transaction
    from workers.store.inbox import Work


class Dealt(NamedTuple):
    """An event and what was decided of it; `announced` says that its payment is known."""

    work: Work
    heard: Heard
    verdict: Verdict
    announced: bool


def settle(tx: Transaction, dealt: Sequence[Dealt]) -> list[ledger.Posting]:
    """Return the postings that hold new unclaimed money, and those that release what was held."""
    return [*_hold(tx, dealt), *_release(tx, dealt)]


def _hold(tx: Transaction, dealt: Sequence[Dealt]) -> Iterator[ledger.Posting]:
    """Hold what is new: money that two events tell of, or that was held before, is held once."""
    wanted: dict[str, tuple[Work, Movement]] = {}
    for item in dealt:
        if isinstance(item.verdict, Buried):
            for movement in item.verdict.unclaimed:
                wanted.setdefault(movement.object_id, (item.work, movement))
    there = ledger.unclaimed(tx, list(wanted), released_too=True) if wanted else {}
    for object_id, (work, movement) in wanted.items():
        if object_id not in there:
            yield ledger.Posting(movement, None, work.event_id, work.now)


def _release(tx: Transaction, dealt: Sequence[Dealt]) -> Iterator[ledger.Posting]:
    """Release what was held for events that died for want of a payment, and now have one."""
    wanted = {
        unclaimed_id(item.heard, fact): item.work
        for item in dealt
        if item.announced and item.heard.replayed and isinstance(item.heard.said, ProviderEvent)
        for fact in item.heard.said.facts
    }
    held = ledger.unclaimed(tx, list(wanted)) if wanted else {}
    for object_id, movement in held.items():
        work = wanted[object_id]
        yield ledger.Posting(release(movement), None, work.event_id, work.now)
