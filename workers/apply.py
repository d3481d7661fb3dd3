"""Apply events: the one way in which anything inbound becomes a change of a payment.

One batch, one transaction: lock the work rows, read, lock the payments in id order, decide, write
set by set, delete the work rows, commit. An event that fails takes nobody with it: the batch is
rolled back and each event is run alone; the one that fails is tried later or set aside.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg
import structlog
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from domain import operators
from domain.commands import INTERNAL
from domain.judgement import Buried, Changed, Ignored, Known, Unchanged, judge
from workers import limiting, naming, pulse, refetching, settling, unclaimed
from workers.failing import postpone_or_bury
from workers.outcome import Outcome, Tally
from workers.reading import read
from workers.store import claims, inbox, payments
from workers.telling import nobody
from workers.unclaimed import Dealt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.judgement import Heard
    from workers.database import Database, Transaction
    from workers.store.inbox import Work
    from workers.telling import Tell

log = structlog.get_logger()

CONFLICT_TRIES_MAX = 3
CONFLICT_WAIT_S_MAX = 0.5
"""How often, and after what longest wait, a transaction that lost a race is run again at once."""

RACE_LOST = (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected)
"""Errors that are gone when the same transaction is run again at once."""

OF_ONE_EVENT = (
    *RACE_LOST,
    psycopg.errors.LockNotAvailable,
    psycopg.errors.QueryCanceled,
)
"""Operational errors that say nothing of the store: one event of the batch may be their cause."""


def is_store_away(error: Exception) -> bool:
    """Say whether the store is away, so that nothing can be said of any event."""
    return isinstance(error, psycopg.OperationalError) and not isinstance(error, OF_ONE_EVENT)


def apply_events(
    database: Database,
    event_ids: Sequence[int],
    *,
    worker: str,
    in_quarantine: bool = False,
    tell: Tell = nobody,
) -> Tally:
    """Apply what is still owed of these events; return how many ended in which way.

    Safe to run twice and at once: a second run finds the work rows gone, or locked, and leaves
    them. `in_quarantine` applies what is in quarantine, and nothing else. `tell` is told, once
    that is certain, which payments have changed. Raises
    psycopg.OperationalError when the store goes away; nothing is then half done, and the relay
    rings again.
    """
    backend = database.backend()
    with database.statement() as tx:
        claim_id = claims.take(tx, event_ids, worker=worker, backend=backend)
    batch = _Batch(database, worker, in_quarantine, tell)
    try:
        return batch.apply(event_ids, claim_id)
    except psycopg.OperationalError as error:
        if is_store_away(error):
            _let_go(database, claim_id)
            raise
        log.warning("batch.split", error_class=type(error).__name__, count=len(event_ids))
    except Exception as error:  # noqa: BLE001 - whatever one event did, its neighbours pass
        log.warning("batch.split", error_class=type(error).__name__, count=len(event_ids))
    try:
        tally = batch.apply_alone(event_ids, claim_id)
    except psycopg.OperationalError:
        _let_go(database, claim_id)
        raise
    _let_go(database, claim_id)
    return tally


def _let_go(database: Database, claim_id: int) -> None:
    """Release the claim, so that a store that went away is not taken for a worker that died."""
    with contextlib.suppress(psycopg.OperationalError), database.transaction(durable=False) as tx:
        claims.release(tx, claim_id)


@dataclass(frozen=True, slots=True)
class _Batch:
    """How one worker applies events, together or one by one."""

    database: Database
    worker: str
    in_quarantine: bool
    tell: Tell

    @retry(
        retry=retry_if_exception_type(RACE_LOST),
        stop=stop_after_attempt(CONFLICT_TRIES_MAX),
        wait=wait_random_exponential(max=CONFLICT_WAIT_S_MAX),
        reraise=True,
    )
    def apply(self, event_ids: Sequence[int], claim_id: int | None) -> Tally:
        """Apply the events in one transaction, and release the claim in it."""
        with self.database.transaction() as tx:
            outcome = apply_in(tx, event_ids, worker=self.worker, in_quarantine=self.in_quarantine)
            if outcome.edited:
                limiting.hold_to_weight(tx, outcome.edited, outcome.postings)
            if claim_id is not None:
                claims.release(tx, claim_id)
        if changed := outcome.changed:
            self.tell(changed)
        if outcome.finished:
            log.info(
                "events.applied",
                event_ids=outcome.finished,
                request_ids=outcome.request_ids,
                count=len(outcome.finished),
                worker=self.worker,
            )
        return outcome.tally

    def apply_alone(self, event_ids: Sequence[int], claim_id: int) -> Tally:
        """Apply each event in a transaction of its own; what fails is tried later, or dies.

        That the store went away is no failure of an event: it is raised, and counted for none.
        """
        tally = Tally()
        for event_id in event_ids:
            pulse.beat()
            with self.database.transaction(durable=False) as tx:
                claims.renew(tx, claim_id)
            try:
                tally.add(self.apply([event_id], None))
            except Exception as error:
                if is_store_away(error):
                    raise
                ended = postpone_or_bury(
                    self.database,
                    event_id,
                    error,
                    worker=self.worker,
                    in_quarantine=self.in_quarantine,
                )
                tally[ended] += 1
        return tally


def apply_in(
    tx: Transaction, event_ids: Sequence[int], *, worker: str, in_quarantine: bool = False
) -> Outcome:
    """Apply the events inside the caller's transaction, and return all that was written."""
    outcome = Outcome(worker)
    work = inbox.lock(tx, event_ids, lanes=inbox.QUARANTINE if in_quarantine else inbox.ORDINARY)
    if not work:
        return outcome
    for item in work:
        outcome.end(item)
    heard = read(tx, work)
    known = judge_heard(tx, outcome, work, heard)
    settling.settle_heard(tx, outcome, work, known.values())
    refetching.order(tx, work, heard, buried={each.event_id for each in outcome.letters})
    outcome.write(tx)
    return outcome


def judge_heard(
    tx: Transaction, outcome: Outcome, work: Sequence[Work], heard: Sequence[Heard]
) -> dict[str, Known]:
    """Judge what was heard, and take up in `outcome` all that it changes; nothing is written.

    Return the payments as they then stand, by reference, their rows locked.
    """
    owners = naming.owners(tx, heard)
    references = naming.resolve(heard, owners)
    batch = _Judging(outcome, references, owners, payments.lock(tx, list(references.values())))
    dealt = [batch.deal_with(item, event) for item, event in zip(work, heard, strict=True)]
    outcome.held += unclaimed.hold(dealt)
    outcome.postings += unclaimed.release_announced(tx, dealt)
    return batch.known


@dataclass(slots=True)
class _Judging:
    """One batch being judged, event by event, each on top of what the ones before it changed."""

    outcome: Outcome
    references: dict[int, str]
    owners: naming.Owners
    known: dict[str, Known]

    def deal_with(self, work: Work, heard: Heard) -> Dealt:
        """Judge one event and take up what it changes."""
        outcome, payment, name = self.outcome, self._payment_of(heard), naming.named(heard)
        verdict = judge(heard, payment, owner=self.owners.get(name) if name else None)
        burial = verdict.burial if isinstance(verdict, (Buried, Changed)) else None
        if isinstance(verdict, Changed) and payment is not None:
            is_new_name = name is not None and name not in self.owners
            after = outcome.change(
                work,
                heard,
                payment,
                verdict.change,
                is_new_name=is_new_name,
                actor=_person(work),
            )
            self.known[payment.reference] = after
            if name is not None:
                self.owners.setdefault(name, payment.reference)
        if burial is not None:
            outcome.bury(work, heard, burial)
        elif not isinstance(verdict, Changed) and work.source != INTERNAL:
            outcome.note(work, _QUIET[type(verdict)])
        outcome.tally["dead" if burial else _QUIET.get(type(verdict), "applied")] += 1
        return Dealt(
            work,
            heard,
            verdict,
            announced=payment is not None,
            owner=self.owners.get(name) if name else None,
        )

    def _payment_of(self, heard: Heard) -> Known | None:
        """Return the event's payment, unless it is of another provider or account."""
        found = self.known.get(self.references.get(heard.event_id, ""))
        if found is None or (found.asked.provider, found.account) != (heard.source, heard.account):
            return None
        return found


def _person(work: Work) -> str | None:
    """Return who wrote the event, where that is a person and not its provider."""
    return work.key_id if operators.name_of(work.key_id) is not None else None


_QUIET: dict[type[object], str] = {Ignored: "ignored", Unchanged: "no_change"}
"""What an attempt is called that moved nothing."""
