"""Replays of letters named one by one, here and now, whatever they are worth."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from domain.money import AMOUNT_MINOR_MAX
from domain.money_limit import MoneyLimit
from workers.replaying import driving
from workers.replaying.errors import NothingMatched
from workers.replaying.freezing import Asked, freeze
from workers.replaying.limits import RATE_PER_S_MAX
from workers.replaying.stepping import Driver
from workers.store import dead_letters
from workers.store.letter_filters import Wanted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workers.database import Database


class Replayed(NamedTuple):
    """What became of a replay. An event that is tried again later counts as failed for now.

    `ledger_diff` is what customers' credit rose by (or fell), in minor units by currency.
    """

    replay_id: int
    matched: int
    replayed: int
    succeeded: int
    failed: int
    ledger_diff: dict[str, int]


def replay(database: Database, letter_ids: Sequence[int], *, actor: str, reason: str) -> Replayed:
    """Replay these letters and say how it went; none is held back for what became of others.

    Commands are performed by the workers, who alone may ask providers: they are waited for a
    little. Repeating it is harmless: what went through is closed, and the unique keys of facts and
    effects forbid a second application whatever happens.
    """
    worker = driving.name()
    asked = Asked(
        Wanted(ids=tuple(letter_ids)),
        actor,
        reason,
        rate_per_s=RATE_PER_S_MAX,
        canary=0,
        max_failures=len(letter_ids),
        limit=MoneyLimit(AMOUNT_MINOR_MAX),
        worker=worker,
    )
    try:
        frozen = freeze(database, asked)
    except NothingMatched:
        with database.transaction() as tx:
            return Replayed(dead_letters.next_replay_id(tx), len(letter_ids), 0, 0, 0, {})
    job = driving.drive(Driver(database, worker), frozen.replay_id)
    assert job is not None
    replayed = job.succeeded + job.failed
    return Replayed(
        job.replay_id, len(letter_ids), replayed, job.succeeded, job.failed, job.ledger_diff
    )
