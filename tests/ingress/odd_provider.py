"""A provider of whom everything goes wrong that an adapter could let through."""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import TYPE_CHECKING

from domain.delivery import KeyedEvent, Mode, ProviderEvent, Verified
from domain.errors import SignatureMissing
from domain.providers.one_event import OneEventProvider

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from domain.delivery import Delivery, Provider, Secret

HEADERS = [("X-Odd", "yes")]


class Odd(OneEventProvider):
    """Its body is a JSON list of the keys of its events."""

    name = "odd"

    def authenticate(self, delivery: Delivery, secrets: Sequence[Secret]) -> str:
        if delivery.sole_header(b"x-odd") is None:
            raise SignatureMissing("no header")
        return secrets[0].key_id

    def verify(self, delivery: Delivery, secrets: Sequence[Secret]) -> Verified:
        key_id = self.authenticate(delivery, secrets)
        events = tuple(KeyedEvent(key, "a-reference") for key in json.loads(delivery.body))
        return Verified(key_id, events)

    def parse(self, body: bytes, event_key: str) -> ProviderEvent:
        del body, event_key
        return ProviderEvent("odd", None)

    def is_secret(self, text: str) -> bool:
        return bool(text)

    def mode_of_secret(self, text: str) -> Mode | None:
        del text
        return None


PROVIDERS: Mapping[str, Provider] = MappingProxyType({"odd": Odd()})
ENVIRONMENT = MappingProxyType({"ODD_WEBHOOK_SECRET": "anything"})
