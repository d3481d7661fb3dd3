"""Replay: give events that were set aside another try, by the same path as any other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.wakeup import IDS_PER_RING_MAX, Lane
from workers.apply import apply_events
from workers.outcome import Tally
from workers.store import dead_letters, inbox

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workers.database import Database


OTHERS_WAIT_S = 60.0
"""How long nobody else takes up what is being replayed; should we die, the relay does then."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of a replay. An event that is tried again later counts as failed for now.

    `ledger_diff` is what customers' credit rose by (or fell), in minor units by currency.
    """

    replay_id: int
    matched: int
    replayed: int
    succeeded: int
    failed: int
    ledger_diff: dict[str, int]


def reopen(
    database: Database, letter_ids: Sequence[int], *, actor: str, reason: str
) -> tuple[int, list[int]]:
    """Mark open letters as replaying and give their events work rows, in one transaction.

    Return the replay's id and the events. From here on nothing can be lost: if nobody applies
    them now, the relay rings for them. A letter that is not open is left alone.
    """
    with database.transaction() as tx:
        replay_id = dead_letters.next_replay_id(tx)
        events = dead_letters.raise_again(
            tx, letter_ids, actor=actor, reason=reason, replay_id=replay_id
        )
        inbox.reopen(tx, events, lane=Lane.REPLAY, replay_id=replay_id, delay_s=OTHERS_WAIT_S)
    return replay_id, [event_id for event_id, _ in events]


def replay(database: Database, letter_ids: Sequence[int], *, actor: str, reason: str) -> Replayed:
    """Replay letters here and now, and say how it went.

    Repeating it is harmless: what went through is closed, and the unique keys of facts and
    effects forbid a second application whatever happens.
    """
    replay_id, event_ids = reopen(database, letter_ids, actor=actor, reason=reason)
    total = Tally()
    for start in range(0, len(event_ids), IDS_PER_RING_MAX):
        batch = event_ids[start : start + IDS_PER_RING_MAX]
        total.add(apply_events(database, batch, worker=f"replay:{actor}"))
    succeeded = total["applied"] + total["ignored"] + total["no_change"]
    return Replayed(
        replay_id,
        len(letter_ids),
        len(event_ids),
        succeeded,
        len(event_ids) - succeeded,
        dict(total.credit_minor),
    )
