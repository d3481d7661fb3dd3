"""Money for payments that nobody announced: held in suspense, released when somebody does."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from domain import operators
from domain.delivery import ProviderEvent
from domain.facts import FactKind
from domain.judgement import Buried, release, unclaimed_id, unclaimed_stem
from workers.store import ledger, payments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.facts import Fact
    from domain.judgement import Heard, Verdict
    from workers.database import Transaction
    from workers.store.inbox import Work


class Dealt(NamedTuple):
    """An event and what was decided of it; `announced` says that its payment is known.

    `owner` is the reference of the payment that its provider's name belongs to, where one does.
    """

    work: Work
    heard: Heard
    verdict: Verdict
    announced: bool
    owner: str | None = None


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
    """Return the postings that release what was held for payments that are announced now.

    An event that a person has edited stands for the one that died: with it goes whatever was
    claimed of the same transaction, at any amount.
    """
    wanted = {
        unclaimed_id(item.heard, fact): item.work
        for item in dealt
        if item.announced and item.heard.replayed and isinstance(item.heard.said, ProviderEvent)
        for fact in _settled(tx, item, item.heard.said.facts)
    }
    for item in dealt:
        if operators.name_of(item.work.key_id) is not None:
            wanted |= dict.fromkeys(_of_edited(tx, item), item.work)
    held = ledger.unclaimed(tx, sorted(wanted)) if wanted else {}
    return [
        ledger.Posting(release(movement), None, wanted[object_id].event_id, wanted[object_id].now)
        for object_id, movement in held.items()
    ]


def _settled(tx: Transaction, item: Dealt, facts: tuple[Fact, ...]) -> tuple[Fact, ...]:
    """Return the facts whose money is in the books elsewhere by now.

    Of an event that was refused again those alone that its owner has counted: else nobody has it.
    """
    if not isinstance(item.verdict, Buried):
        return facts
    owner = payments.look(tx, item.owner) if item.owner is not None else None
    counted = {f.object_id for f in owner.facts if f.kind is FactKind.SUCCEEDED} if owner else set()
    return tuple(fact for fact in facts if fact.object_id in counted)


_AMOUNT = re.compile(r"[0-9]+ [A-Z]{3}")
"""How the name of held money ends."""


def _of_edited(tx: Transaction, item: Dealt) -> list[str]:
    """Return the names of what was held of the transactions that an edited event settles."""
    said = item.heard.said
    if (
        not item.announced
        or isinstance(item.verdict, Buried)
        or not isinstance(said, ProviderEvent)
    ):
        return []
    stems = {unclaimed_stem(item.heard, f) for f in said.facts if f.kind is FactKind.SUCCEEDED}
    return [
        name
        for stem in sorted(stems)
        for name in ledger.unclaimed_about(tx, stem)
        if _AMOUNT.fullmatch(name.removeprefix(stem))
    ]
