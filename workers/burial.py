"""The dead letter of an event, written from whatever is known of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.delivery import Hearsay, ProviderEvent
from domain.fingerprint import fingerprint
from workers.store import attempts, dead_letters, inbox
from workers.store.dead_letters import Letter

if TYPE_CHECKING:
    from domain.delivery import Said
    from domain.errors import Permanent
    from domain.judgement import Burial
    from workers.database import Transaction
    from workers.store.inbox import Work


def letter_for(work: Work, said: Said | Permanent | None, burial: Burial) -> Letter:
    """Return the dead letter of an event; where its body could not be read, of what is known."""
    if isinstance(said, Hearsay):
        said = _as_claimed(said)
    if not isinstance(said, ProviderEvent):
        said = None
    amounts = [fact.amount for fact in said.facts if fact.amount] if said else []
    event_type = said.type if said else "unread"
    return Letter(
        work.event_id,
        work.received_at,
        work.source,
        work.account,
        event_type,
        said.reference if said else None,
        said.provider_reference if said else None,
        burial.reason,
        burial.error_class,
        fingerprint(work.source, event_type, burial.reason, burial.error_class, burial.message),
        burial.message,
        amounts[0].amount_minor if amounts else None,
        amounts[0].currency if amounts else None,
        work.attempts + work.crashes + 1,
    )


def _as_claimed(said: Hearsay) -> ProviderEvent:
    """Return what was claimed, for a person to look at: it has no facts."""
    return ProviderEvent(
        said.type,
        said.reference.unproven if said.reference else None,
        provider_reference=said.object_id.unproven if said.object_id else None,
    )


def set_aside(tx: Transaction, work: Work, letter: Letter, *, worker: str) -> None:
    """Bury an event by itself: the letter, the attempt that ended so, and nothing owed any more."""
    dead_letters.bury(tx, [letter])
    attempts.record(tx, [died(work, letter, worker=worker)])
    inbox.finish(tx, [work.event_id])


def died(work: Work, letter: Letter, *, worker: str) -> attempts.Attempt:
    """Return the attempt that ended in this letter."""
    return attempts.of(
        work,
        worker=worker,
        outcome="dead",
        error_class=letter.error_class,
        fingerprint=letter.fingerprint,
        message=letter.message,
    )
