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
from workers.burial import letter_for
from workers.store import attempts, dead_letters, inbox

if TYPE_CHECKING:
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
        found = inbox.lock(tx, [event_id], in_quarantine=in_quarantine)
        if not found:
            return "gone"
        work = found[0]
        tried = attempts.tried(tx, event_id, replay_id=work.replay_id)
        burial = verdict(work, error, tried=tried)
        attempts.record(tx, [_attempt(work, error, burial, worker)])
        if burial is not None:
            dead_letters.bury(tx, [letter_for(work, None, burial)])
            inbox.finish(tx, [event_id])
        else:
            delay_s = retry.delay_s(work.attempts + 1, random.random())  # noqa: S311 - jitter
            inbox.postpone(tx, event_id, delay_s=delay_s)
    ended = "dead" if burial else "retry"
    log.warning(
        "event.failed",
        event_id=event_id,
        error_class=type(error).__name__,
        attempts=work.attempts + 1,
        status=ended,
    )
    return ended


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


def _attempt(work: Work, error: Exception, burial: Burial | None, worker: str) -> attempts.Attempt:
    name, message = type(error).__name__, describe(error)
    return attempts.Attempt(
        work.event_id,
        work.attempts + 1,
        work.now,
        worker,
        _outcome(error, burial),
        name,
        fingerprint(work.source, "unread", burial.reason if burial else "retry", name, message),
        message,
        work.replay_id,
    )


def _outcome(error: Exception, burial: Burial | None) -> str:
    if burial is not None:
        return "dead"
    return "deferred" if is_passing(error) else "retry"
