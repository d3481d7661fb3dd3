"""Claims: whether two bodies of one event say the same about money."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.delivery import Hearsay
from domain.errors import PayratchetError

if TYPE_CHECKING:
    from domain.delivery import Provider


def claim(provider: Provider, body: bytes, event_key: str) -> object:
    """Return what the body claims, to be compared and nothing else.

    A body that cannot be read claims the reason for it: two that fail alike claim the same.
    """
    try:
        event = provider.parse(body, event_key)
    except PayratchetError as error:
        return error.code
    if isinstance(event, Hearsay):
        return event
    return (frozenset(fact.key for fact in event.facts), event.reference)


def agree(provider: Provider, bodies: tuple[bytes, bytes], event_key: str) -> bool:
    """Say whether both bodies claim the same facts about the same reference.

    Redeliveries differ in harmless fields, such as the count of webhooks still pending.
    """
    first, second = bodies
    return claim(provider, first, event_key) == claim(provider, second, event_key)
