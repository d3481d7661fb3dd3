"""Turns: who may act about a debt, and who is in the way and cannot any more."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import psycopg

from workers.calling import sending
from workers.lock import LockBusy
from workers.store import inbox, lives, provider_calls

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workers.database import Database
    from workers.lock import Held, Locks

LOCK_WAITS_S = 0.5
"""How long a thread waits for another that is busy with the same debt, keeping a room for itself.
A call takes longer, so that whoever waits for one is put off; between calls it is enough."""


@contextlib.contextmanager
def hold(database: Database, locks: Locks, debt: str) -> Iterator[Held]:
    """Hold the lock of a debt. One whose owner is known to have died is freed first.

    Raises LockBusy when somebody holds it who lives, as far as we know.
    """
    with contextlib.ExitStack() as stack:
        try:
            held = stack.enter_context(locks.hold(debt, waits_s=LOCK_WAITS_S))
        except LockBusy:
            if not _is_freed(database, locks, debt):
                raise
            held = stack.enter_context(locks.hold(debt, waits_s=LOCK_WAITS_S))
        yield held


def _is_freed(database: Database, locks: Locks, debt: str) -> bool:
    owner = locks.owner_of(debt)
    if not owner:
        return False
    with database.statement() as tx:
        is_dead = lives.is_dead(tx, owner)
    return is_dead and locks.free(debt, owner=owner)


def take_back(database: Database, event_id: int, *, worker: str, began_s: float) -> None:
    """End a call of this worker that it may have begun without knowing, and has not made.

    So it is rung for at once, and not when that call is old. It is tried for as long as nobody can
    have taken over; then it is left.
    """
    with contextlib.suppress(psycopg.OperationalError):
        sending.writing(began_s)(_take_back, database, event_id, worker)


def _take_back(database: Database, event_id: int, worker: str) -> None:
    with database.transaction() as tx:
        provider_calls.take_back(tx, event_id, worker=worker)
        inbox.put_off(tx, event_id, delay_s=0.0)
