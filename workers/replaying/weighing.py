"""Weighing: how much money an act would move, before one person may do it alone.

What somebody says of an event is not what it moves: a refund that is said to have failed gives
back all of it, whatever amount is written beside it.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import psycopg

from domain.delivery import Hearsay
from domain.money import Money
from domain.providers import PROVIDERS
from domain.wakeup import batches
from workers.apply import apply_in
from workers.replaying.errors import ReplayTooLarge
from workers.replaying.limits import EDITED_MAX
from workers.replaying.reopening import reopen_in
from workers.store import rehearsals, replay_items

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from workers.database import Transaction

WORKER = "rehearsal"
"""Under which name what is weighed is applied; nothing of it stays."""


def moved_minor(tx: Transaction, event_ids: Sequence[int]) -> dict[str, int]:
    """Return what applying these events would move, minor units by currency.

    They are applied for that, and nothing of it stays; what cannot be applied moves nothing.
    Raises psycopg.OperationalError when the store is away or busy.
    """
    with tx.transaction(force_rollback=True):
        floor = rehearsals.floor(tx)
        for batch in batches(event_ids):
            if not _try(tx, batch):
                for event_id in batch:
                    _try(tx, [event_id])
        entries = rehearsals.entries(tx, floor, event_ids)
    moved: Counter[str] = Counter()
    for each in entries:
        moved[each["currency"]] += max(0, each["amount_minor"])
    return {currency: minor for currency, minor in sorted(moved.items()) if minor}


def _try(tx: Transaction, event_ids: Sequence[int]) -> bool:
    try:
        with tx.transaction():
            apply_in(tx, event_ids, worker=WORKER)
    except psycopg.OperationalError:
        raise
    except Exception:  # noqa: BLE001 - whatever it is, the event moves nothing because of it
        return False
    return True


def larger(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
    """Return the larger amount of each currency."""
    names = sorted({*one, *other})
    return {name: max(one.get(name, 0), other.get(name, 0)) for name in names}


def weigh_items(tx: Transaction, replay_id: int) -> None:
    """Find amounts for the letters of a replay that had none when they died.

    What could not be read then may be readable by now, which is why it is replayed. What kills its
    readers is not read: it can credit no more than its payment was asked for.
    """
    after = 0
    while some := replay_items.unweighed(tx, replay_id, after=after):
        read = {each.place: _largest(each) for each in some}
        known = {place: amount for place, amount in read.items() if amount is not None}
        replay_items.weigh(tx, replay_id, known)
        after = some[-1].place
    replay_items.weigh_killers(tx, replay_id)
    _weigh_edited(tx, replay_id)


def _weigh_edited(tx: Transaction, replay_id: int) -> None:
    """Take what people have edited for what it would move now, if that is more than it claims.

    Raises ReplayTooLarge.
    """
    edited = replay_items.edited(tx, replay_id, limit=EDITED_MAX + 1)
    if len(edited) > EDITED_MAX:
        raise ReplayTooLarge(f"more than {EDITED_MAX} edited events: narrow them down")
    if not edited:
        return
    with tx.transaction(force_rollback=True):
        letters = [each.letter_id for each in edited]
        reopen_in(tx, replay_id, letters, actor=WORKER, reason="to weigh it")
        moved = {each.place: moved_minor(tx, [each.event_id]) for each in edited}
    heavier = {each.place: _heavier(each, moved[each.place]) for each in edited}
    found = {place: money for place, money in heavier.items() if money is not None}
    replay_items.weigh(tx, replay_id, found)


def _heavier(item: replay_items.Edited, moved: Mapping[str, int]) -> Money | None:
    """Return what would move, in the currency of the claim where there is one; None if less."""
    if not moved:
        return None
    largest = max(moved, key=lambda name: moved[name])
    currency = item.currency if item.currency and item.currency in moved else largest
    if item.currency == currency and (item.amount_minor or 0) >= moved[currency]:
        return None
    return Money(currency, moved[currency])


def _largest(item: replay_items.Unweighed) -> Money | None:
    provider = PROVIDERS.get(item.source)
    if provider is None:
        return None
    try:
        said = provider.parse(item.body, item.event_key)
    except Exception:  # noqa: BLE001 - what cannot be read dies again, and moves nothing
        return None
    if isinstance(said, Hearsay):
        return None
    amounts = [fact.amount for fact in said.facts if fact.amount is not None]
    return max(amounts, key=lambda amount: amount.amount_minor, default=None)
