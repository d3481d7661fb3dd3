"""Which payment an event is about: by our reference, or by what its provider calls it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.delivery import ProviderEvent
from workers.store import references
from workers.store.references import Named

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.judgement import Heard
    from workers.database import Transaction

Owners = dict[Named, str]
"""Our reference of the payment that a provider's name belongs to."""


def named(heard: Heard) -> Named | None:
    """Return what the provider calls the payment, where the event says it."""
    if not isinstance(heard.said, ProviderEvent) or heard.said.provider_reference is None:
        return None
    return Named(heard.source, heard.account, heard.said.provider_reference)


def owners(tx: Transaction, heard: Sequence[Heard]) -> Owners:
    """Return whose the names are that these events use, as far as earlier events told."""
    names = {name for event in heard if (name := named(event)) is not None}
    return references.find(tx, sorted(names))


def resolve(heard: Sequence[Heard], owned: Owners) -> dict[int, str]:
    """Return our reference for each event that names its payment, by event id.

    Some events (a refund at Stripe) know only the provider's own name of the payment; an earlier
    event, or one of this very batch, has told whose name that is.
    """
    told: Owners = {}
    for event in heard:
        name = named(event)
        reference = event.said.reference if isinstance(event.said, ProviderEvent) else None
        if name is not None and reference is not None:
            told.setdefault(name, reference)
    told |= owned
    return {
        event.event_id: reference
        for event in heard
        if isinstance(event.said, ProviderEvent)
        and (reference := event.said.reference or _by_name(event, told)) is not None
    }


def _by_name(event: Heard, told: Owners) -> str | None:
    name = named(event)
    return told.get(name) if name is not None else None
