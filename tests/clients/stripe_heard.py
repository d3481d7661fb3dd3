"""What Stripe heard of us, and what its webhooks tell of an object."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from tests.clients.heard import facts_of

if TYPE_CHECKING:
    from domain.facts import Fact
    from tests.clients.scripted import ScriptedProvider


def webhook_facts(type_: str, about: dict[str, Any]) -> tuple[Fact, ...]:
    event = {
        "id": "evt_1",
        "object": "event",
        "type": type_,
        "livemode": False,
        "created": about["created"],
        "data": {"object": about},
    }
    return facts_of("stripe", json.dumps(event).encode(), "evt_1")


def form(provider: ScriptedProvider) -> dict[str, str]:
    return dict(parse_qsl(provider.heard[-1].body.decode(), strict_parsing=True))


def path(provider: ScriptedProvider, number: int) -> str:
    return urlsplit(provider.heard[number].target).path


def query(provider: ScriptedProvider, number: int) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(provider.heard[number].target).query))
