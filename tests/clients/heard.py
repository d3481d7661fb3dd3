"""What a webhook would have told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.delivery import ProviderEvent
from domain.providers import PROVIDERS

if TYPE_CHECKING:
    from domain.facts import Fact


def facts_of(provider: str, body: bytes, event_key: str = "any") -> tuple[Fact, ...]:
    said = PROVIDERS[provider].parse(body, event_key)
    assert isinstance(said, ProviderEvent)
    return said.facts
