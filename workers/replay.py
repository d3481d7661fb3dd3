"""Replay: give events that were set aside another try, by the same path as any other."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

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


CALLS_WAIT_S_MAX = 10.0
CALLS_LOOK_EVERY_S = 0.1
"""How long commands that are given another try are waited for, and how often they are looked at."""


class Reopened(NamedTuple):
    """Events that owe work again. `events` are to be applied; `commands` the workers take up."""

    replay_id: int
    events: list[int]
    commands: list[int]


def reopen(database: Database, letter_ids: Sequence[int], *, actor: str, reason: str) -> Reopened:
    """Mark open letters as replaying and give their events work rows, in one transaction.

    From here on nothing can be lost: if nobody applies them now, the relay rings for them. A
    letter that is not open is left alone.
    """
    with database.transaction() as tx:
        replay_id = dead_letters.next_replay_id(tx)
        events = dead_letters.raise_again(
            tx, letter_ids, actor=actor, reason=reason, replay_id=replay_id
        )
        commands = inbox.reopen(
            tx, events, lane=Lane.REPLAY, replay_id=replay_id, delay_s=OTHERS_WAIT_S
        )
    called = set(commands)
    applied = [event_id for event_id, _ in events if event_id not in called]
    return Reopened(replay_id, applied, commands)


def replay(database: Database, letter_ids: Sequence[int], *, actor: str, reason: str) -> Replayed:
    """Replay letters here and now, and say how it went.

    Commands are performed by the workers, who alone may ask providers: they are waited for a
    little. Repeating it is harmless: what went through is closed, and the unique keys of facts and
    effects forbid a second application whatever happens.
    """
    reopened = reopen(database, letter_ids, actor=actor, reason=reason)
    total = Tally()
    for start in range(0, len(reopened.events), IDS_PER_RING_MAX):
        batch = reopened.events[start : start + IDS_PER_RING_MAX]
        total.add(apply_events(database, batch, worker=f"replay:{actor}"))
    succeeded = total["applied"] + total["ignored"] + total["no_change"]
    succeeded += _performed(database, reopened.commands)
    replayed = len(reopened.events) + len(reopened.commands)
    return Replayed(
        reopened.replay_id,
        len(letter_ids),
        replayed,
        succeeded,
        replayed - succeeded,
        dict(total.credit_minor),
    )


def _performed(database: Database, event_ids: Sequence[int]) -> int:
    """Wait for workers to perform these commands; return how many went through in time."""
    if not event_ids:
        return 0
    ends_s = time.monotonic() + CALLS_WAIT_S_MAX
    while time.monotonic() < ends_s:
        with database.transaction() as tx:
            if not dead_letters.unfinished(tx, event_ids):
                break
        time.sleep(CALLS_LOOK_EVERY_S)
    with database.transaction() as tx:
        return dead_letters.went_through(tx, event_ids)
