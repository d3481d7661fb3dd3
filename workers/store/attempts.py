"""Attempts: what became of each try that did not simply succeed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from domain.arrays import Int2s, Int8s, Texts, Times
from workers.columns import pack

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from workers.database import Transaction
    from workers.store.inbox import Work


class Attempt(NamedTuple):
    """One try at one event. Error fields are None where nothing failed."""

    event_id: int
    number: int
    started_at: datetime
    worker: str
    outcome: str
    error_class: str | None = None
    fingerprint: str | None = None
    message: str | None = None
    replay_id: int | None = None


_RECORD = """
    INSERT INTO attempts (event_id, number, started_at, worker, outcome, error_class,
                          fingerprint, message, replay_id)
    SELECT * FROM unnest(%b::bigint[], %b::smallint[], %b::timestamptz[], %b::text[], %b::text[],
                         %b::text[], %b::text[], %b::text[], %b::bigint[])
"""
_KINDS = (Int8s, Int2s, Times, Texts, Texts, Texts, Texts, Texts, Int8s)


def of(
    work: Work,
    *,
    worker: str,
    outcome: str,
    error_class: str | None = None,
    fingerprint: str | None = None,
    message: str | None = None,
) -> Attempt:
    """Return the attempt that ends now; those that died with their worker are counted too."""
    number = work.attempts + work.crashes + 1
    return Attempt(
        work.event_id,
        number,
        work.now,
        worker,
        outcome,
        error_class,
        fingerprint,
        message,
        work.replay_id,
    )


_TRIED = """
    SELECT count(*) FROM attempts
    WHERE event_id = %s AND outcome = 'retry' AND replay_id IS NOT DISTINCT FROM %s::bigint
"""


def tried(tx: Transaction, event_id: int, *, replay_id: int | None) -> int:
    """Return how often the event failed for a reason nobody foresaw, in this run of tries."""
    row = tx.execute(_TRIED, (event_id, replay_id)).fetchone()
    return row[0] if row else 0


def record(tx: Transaction, attempts: Sequence[Attempt]) -> None:
    """Append attempts; none is ever changed."""
    if attempts:
        tx.execute(_RECORD, pack(attempts, _KINDS))
