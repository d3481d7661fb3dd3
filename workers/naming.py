"""Which payment an event is about: by our reference, or by what its provider calls it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.delivery import Hearsay, ProviderEvent
from domain.facts import FactKind
from domain.providers.event_keys import reference_hint
from workers.store import references
from workers.store.references import Named

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.judgement import Heard
    from workers.database import Transaction

Owners = dict[Named, str]
"""Our reference of the payment that a provider's name belongs to."""

_GIVEN_BACK = frozenset({FactKind.REFUND, FactKind.REFUND_TOTAL, FactKind.DISPUTE})


def named(heard: Heard) -> Named | None:
    """Return what the provider calls the payment, where the event says it."""
    if not isinstance(heard.said, ProviderEvent) or heard.said.provider_reference is None:
        return None
    return Named(heard.source, heard.account, heard.said.provider_reference)


def claimed_name(heard: Heard) -> str | None:
    """Return what an event that proves nothing says that the provider calls it."""
    if not isinstance(heard.said, Hearsay) or heard.said.object_id is None:
        return None
    return heard.said.object_id.unproven


def owners(tx: Transaction, heard: Sequence[Heard]) -> Owners:
    """Return whose the names are that these events use, as far as earlier events told."""
    names = {name for event in heard if (name := _looked_up(event)) is not None}
    return references.find(tx, sorted(names))


def resolve(heard: Sequence[Heard], owned: Owners) -> dict[int, str]:
    """Return our reference for each event that names its payment, by event id.

    Some events (a refund at Stripe) know only the provider's own name of the payment; an earlier
    event, or one of this very batch, has told whose name that is. What is given back may bear a
    reference of its own (a refund at Adyen): there the name counts first.
    """
    told: Owners = {}
    for event in sorted(heard, key=_is_given_back):
        name = named(event)
        reference = event.said.reference if isinstance(event.said, ProviderEvent) else None
        if name is not None and reference is not None:
            told.setdefault(name, reference)
    told |= owned
    return {
        event.event_id: reference
        for event in heard
        if (reference := _told_of(event, told)) is not None
    }


def _told_of(event: Heard, told: Owners) -> str | None:
    by_name, reference = _by_name(event, told), _reference(event)
    return by_name or reference if _is_given_back(event) else reference or by_name


def _is_given_back(event: Heard) -> bool:
    """Say whether the event is about nothing but money that goes back."""
    facts = event.said.facts if isinstance(event.said, ProviderEvent) else ()
    return bool(facts) and all(fact.kind in _GIVEN_BACK for fact in facts)


def _by_name(event: Heard, told: Owners) -> str | None:
    name = _looked_up(event)
    return told.get(name) if name is not None else None


def _looked_up(heard: Heard) -> Named | None:
    """Return the name by which the payment can be found, proven or not."""
    claimed = claimed_name(heard)
    return named(heard) if claimed is None else Named(heard.source, heard.account, claimed)


def _reference(heard: Heard) -> str | None:
    """Return our reference as the event has it, proven or not."""
    if isinstance(heard.said, ProviderEvent):
        return heard.said.reference
    if isinstance(heard.said, Hearsay) and heard.said.reference is not None:
        return reference_hint(heard.said.reference.unproven)
    return None
