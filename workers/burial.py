"""The dead letter of an event, written from whatever is known of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.delivery import ProviderEvent
from domain.fingerprint import fingerprint
from workers.store.dead_letters import Letter

if TYPE_CHECKING:
    from domain.judgement import Burial, Heard
    from workers.store.inbox import Work


def letter_for(work: Work, heard: Heard | None, burial: Burial) -> Letter:
    """Return the dead letter of an event; where its body could not be read, of what is known."""
    said = heard.said if heard and isinstance(heard.said, ProviderEvent) else None
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
