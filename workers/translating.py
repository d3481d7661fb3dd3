"""Translate a stored body into what it says, or into the refusal it deserves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.errors import PayloadInvalid, Permanent
from domain.providers import PROVIDERS
from domain.providers.canary import CANARY, Canary

if TYPE_CHECKING:
    from domain.delivery import Said
    from workers.store.inbox import Work


def say(work: Work) -> Said | Permanent:
    """Return what the event says. A body that its provider does not document is a refusal."""
    provider = Canary() if work.source == CANARY else PROVIDERS.get(work.source)
    if provider is None:
        return PayloadInvalid(f"no adapter is called {work.source}")
    try:
        return provider.parse(work.body, work.event_key)
    except Permanent as refusal:
        return refusal
