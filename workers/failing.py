"""What becomes of an event whose own transaction failed: tried later, or set aside."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import psycopg
import structlog

from domain import retry
from domain.errors import Permanent, Transient
from domain.fingerprint import fingerprint
from domain.judgement import Burial
from workers.burial import letter_for, set_aside
from workers.store import attempts, inbox
from workers.translating import say

if TYPE_CHECKING:
    from domain.delivery import Said
    from workers.database import Database
    from workers.store.inbox import Work

log = structlog.get_logger()

MESSAGE_LENGTH_MAX = 500
"""Characters of an error kept with an attempt; the first line says what happened."""


def postpone_or_bury(
    database: Database,
    event_id: int,
    error: Exception,
    *,
    worker: str,
    in_quarantine: bool = False,
) -> str:
    """Count the failed attempt; return "retry", "dead", or "gone" when nothing is owed any more.

    Raises psycopg.OperationalError when the store is away: then nothing was counted, and the
    relay rings for the event again.
    """
    with database.transaction() as tx:
        lanes = inbox.QUARANTINE if in_quarantine else inbox.ORDINARY
        found = inbox.lock(tx, [event_id], lanes=lanes)
        if not found:
            return "gone"
        work = found[0]
        tried = attempts.tried(tx, event_id, replay_id=work.replay_id)
        burial = verdict(work, error, tried=tried)
        if burial is not None:
            set_aside(tx, work, letter_for(work, _said(work), burial), worker=worker)
        else:
            attempts.record(tx, [put_off(work, error, worker)])
            inbox.postpone(tx, event_id, delay_s=delay_s(work, error))
    ended = "dead" if burial else "retry"
    log.warning(
        "event.failed",
        event_id=event_id,
        error_class=type(error).__name__,
        attempts=work.attempts + 1,
        status=ended,
    )
    return ended


def delay_s(work: Work, error: Exception) -> float:
    """Return how long to wait before work that failed by this is tried again."""
    is_store = isinstance(error, psycopg.OperationalError)
    longest_s = retry.STORE_DELAY_S_MAX if is_store else retry.TRANSIENT_DELAY_S_MAX
    jitter = random.random()  # noqa: S311 - no secret
    return retry.delay_s(work.attempts + 1, jitter, longest_s=longest_s)


def is_passing(error: Exception) -> bool:
    """Say whether the cause may be gone by itself later."""
    return isinstance(error, (Transient, psycopg.OperationalError))


def verdict(work: Work, error: Exception, *, tried: int) -> Burial | None:
    """Return why the event dies now, or None when it is to be tried again.

    `tried` counts earlier failures that nobody foresaw; passing ones do not use up its tries.
    """
    name, message = type(error).__name__, describe(error)
    if isinstance(error, Permanent):
        return Burial(error.code, name, message)
    if is_passing(error):
        failing_s = (work.now - work.since).total_seconds() if work.attempts else 0.0
        return Burial("expired", name, message) if failing_s > retry.TRANSIENT_AGE_S_MAX else None
    if tried + 1 >= retry.UNCLASSIFIED_ATTEMPTS_MAX:
        return Burial("exhausted", name, message)
    return None


def describe(error: Exception) -> str:
    """Return the error's first line. Details of the database may quote a row: they are left out."""
    first = str(error).partition("\n")[0]
    return first[:MESSAGE_LENGTH_MAX]


def _said(work: Work) -> Said | Permanent | None:
    """Return what the event says, for the letter; None where reading it is what fails."""
    try:
        return say(work)
    except Exception:  # noqa: BLE001 - the error that counts is known already
        return None


def put_off(work: Work, error: Exception, worker: str) -> attempts.Attempt:
    """Return the attempt that failed and is to be followed by another."""
    name, message = type(error).__name__, describe(error)
    return attempts.of(
        work,
        worker=worker,
        outcome="deferred" if is_passing(error) else "retry",
        error_class=name,
        fingerprint=fingerprint(work.source, "unread", "retry", name, message),
        message=message,
    )
