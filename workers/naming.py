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


def resolve(tx: Transaction, heard: Sequence[Heard]) -> dict[int, str]:
    """Return our reference for each event that names its payment, by event id.

    Some events (a refund at Stripe) know only the provider's own name of the payment; an earlier
    event, or one of this very batch, has told whose name that is.
    """
    names: dict[int, str] = {}
    aliases: dict[Named, str] = {}
    nameless: dict[int, Named] = {}
    for event in heard:
        if not isinstance(event.said, ProviderEvent):
            continue
        named = _named(event, event.said)
        if event.said.reference is not None:
            names[event.event_id] = event.said.reference
            if named is not None:
                aliases.setdefault(named, event.said.reference)
        elif named is not None:
            nameless[event.event_id] = named
    aliases |= references.find(tx, sorted(set(nameless.values())))
    found = {event_id: aliases.get(named) for event_id, named in nameless.items()}
    return names | {event_id: name for event_id, name in found.items() if name is not None}


def _named(event: Heard, said: ProviderEvent) -> Named | None:
    if said.provider_reference is None:
        return None
    return Named(event.source, event.account, said.provider_reference)
