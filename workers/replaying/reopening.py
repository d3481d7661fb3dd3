"""Reopening: letters owe work again, in the transaction of whoever replays them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from domain.wakeup import Lane
from workers.replaying.limits import OTHERS_WAIT_S
from workers.store import dead_letters, inbox

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from workers.database import Database, Transaction


class Reopened(NamedTuple):
    """Events that owe work again. `events` are to be applied; `others` the workers take up."""

    replay_id: int
    events: list[int]
    others: list[int]


def reopen_in(
    tx: Transaction,
    replay_id: int,
    letter_ids: Sequence[int],
    *,
    actor: str,
    reason: str,
    killers: Collection[int] = (),
) -> Reopened:
    """Mark open letters as replaying and give their events work rows.

    From the commit on nothing can be lost: if nobody applies them, the relay rings for them. A
    letter that is not open is left alone. Commands go to those who may ask providers, and
    `killers`, events that killed whoever applied them, to a process of their own.
    """
    raised = dead_letters.raise_again(
        tx, letter_ids, actor=actor, reason=reason, replay_id=replay_id
    )
    calm = [event for event in raised if event[0] not in killers]
    alone = [event for event in raised if event[0] in killers]
    others = inbox.reopen(tx, calm, lane=Lane.REPLAY, replay_id=replay_id, delay_s=OTHERS_WAIT_S)
    if alone:
        inbox.reopen(tx, alone, lane=Lane.QUARANTINE, replay_id=replay_id)
        others = [*others, *(event_id for event_id, _ in alone)]
    elsewhere = set(others)
    events = [event_id for event_id, _ in raised if event_id not in elsewhere]
    return Reopened(replay_id, events, others)


def reopen(database: Database, letter_ids: Sequence[int], *, actor: str, reason: str) -> Reopened:
    """Reopen letters in a transaction of its own, for the workers to apply."""
    with database.transaction() as tx:
        replay_id = dead_letters.next_replay_id(tx)
        return reopen_in(tx, replay_id, letter_ids, actor=actor, reason=reason)
