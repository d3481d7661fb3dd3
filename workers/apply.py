"""Apply events: the one way in which anything inbound becomes a change of a payment.

One batch, one transaction: lock the work rows, read, lock the payments in id order, decide, write
set by set, delete the work rows, commit. An event that fails takes nobody with it: the batch is
rolled back and each event is run alone; the one that fails is tried later or set aside.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import structlog
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from domain.judgement import Buried, Changed, Ignored, Known, Unchanged, judge
from workers import unclaimed
from workers.failing import postpone_or_bury
from workers.naming import resolve
from workers.outcome import Outcome, Tally
from workers.reading import read
from workers.store import claims, inbox, payments
from workers.unclaimed import Dealt

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from domain.judgement import Heard
    from workers.database import Database, Transaction
    from workers.store.inbox import Work

log = structlog.get_logger()

CONFLICT_TRIES_MAX = 3
CONFLICT_WAIT_S_MAX = 0.5
"""How often, and after what longest wait, a transaction that lost a race is run again at once."""

RACE_LOST = (
    psycopg.errors.SerializationFailure,
    psycopg.errors.DeadlockDetected,
    psycopg.errors.LockNotAvailable,
)


def apply_events(database: Database, event_ids: Sequence[int], *, worker: str) -> Tally:
    """Apply what is still owed of these events; return how many ended in which way.

    Safe to run twice and at once: a second run finds the work rows gone, or locked, and leaves
    them. Raises psycopg.OperationalError when the store goes away; nothing is then half done, and
    the relay rings again.
    """
    backend = database.backend()
    with database.transaction(durable=False) as tx:
        claim_id = claims.take(tx, event_ids, worker=worker, backend=backend)
    try:
        return _apply_batch(database, event_ids, claim_id=claim_id, worker=worker)
    except psycopg.OperationalError as error:
        if not isinstance(error, (*RACE_LOST, psycopg.errors.QueryCanceled)):
            raise
        log.warning("batch.split", error_class=type(error).__name__, count=len(event_ids))
    except Exception as error:  # noqa: BLE001 - whatever one event did, its neighbours pass
        log.warning("batch.split", error_class=type(error).__name__, count=len(event_ids))
    tally = _apply_alone(database, event_ids, claim_id=claim_id, worker=worker)
    with database.transaction(durable=False) as tx:
        claims.release(tx, claim_id)
    return tally


@retry(
    retry=retry_if_exception_type(RACE_LOST),
    stop=stop_after_attempt(CONFLICT_TRIES_MAX),
    wait=wait_random_exponential(max=CONFLICT_WAIT_S_MAX),
    reraise=True,
)
def _apply_batch(
    database: Database, event_ids: Sequence[int], *, claim_id: int | None, worker: str
) -> Tally:
    with database.transaction() as tx:
        outcome = apply_in(tx, event_ids, worker=worker)
        if claim_id is not None:
            claims.release(tx, claim_id)
    if outcome.finished:
        count = len(outcome.finished)
        log.info("events.applied", event_ids=outcome.finished, count=count, worker=worker)
    return outcome.tally


def _apply_alone(
    database: Database, event_ids: Iterable[int], *, claim_id: int, worker: str
) -> Tally:
    tally = Tally()
    for event_id in event_ids:
        with database.transaction(durable=False) as tx:
            claims.renew(tx, claim_id)
        try:
            tally.add(_apply_batch(database, [event_id], claim_id=None, worker=worker))
        except Exception as error:  # noqa: BLE001 - classified there, and never lost
            tally[postpone_or_bury(database, event_id, error, worker=worker)] += 1
    return tally


def apply_in(tx: Transaction, event_ids: Sequence[int], *, worker: str) -> Outcome:
    """Apply the events inside the caller's transaction, and return all that was written."""
    outcome = Outcome(worker)
    work = inbox.lock(tx, event_ids)
    if not work:
        return outcome
    heard = read(tx, work)
    names = resolve(tx, heard)
    known = payments.lock(tx, list(names.values()))
    dealt = [
        _deal_with(outcome, item, event, names.get(event.event_id), known)
        for item, event in zip(work, heard, strict=True)
    ]
    outcome.postings += unclaimed.settle(tx, dealt)
    outcome.write(tx)
    return outcome


def _deal_with(
    outcome: Outcome, work: Work, heard: Heard, reference: str | None, known: dict[str, Known]
) -> Dealt:
    """Judge one event and take up what it changes.

    A payment of another provider or account is none that this event may touch.
    """
    payment = known.get(reference) if reference else None
    if payment and (payment.asked.provider, payment.account) != (heard.source, heard.account):
        payment = None
    verdict = judge(heard, payment)
    outcome.finished.append(work.event_id)
    burial = verdict.burial if isinstance(verdict, (Buried, Changed)) else None
    if isinstance(verdict, Changed):
        assert payment is not None  # noqa: S101 - only a known payment changes
        known[payment.reference] = outcome.change(work, heard, payment, verdict.change)
    if burial is not None:
        outcome.bury(work, heard, burial)
    elif not isinstance(verdict, Changed):
        outcome.note(work, _QUIET[type(verdict)])
    if burial is None and heard.replayed:
        outcome.raised.append(work.event_id)
    outcome.tally["dead" if burial else _QUIET.get(type(verdict), "applied")] += 1
    return Dealt(work, heard, verdict, announced=payment is not None)


_QUIET: dict[type[object], str] = {Ignored: "ignored", Unchanged: "no_change"}
"""What an attempt is called that moved nothing."""
