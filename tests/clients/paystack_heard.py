"""What Paystack heard of us, and what its webhooks tell of an object."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.clients.heard import facts_of

if TYPE_CHECKING:
    from domain.facts import Fact
    from tests.clients.scripted import ScriptedProvider


def webhook_facts(event: str, data: dict[str, Any]) -> tuple[Fact, ...]:
    body = json.dumps({"event": event, "data": data}).encode()
    return facts_of("paystack", body)


def sent(provider: ScriptedProvider) -> dict[str, Any]:
    found = json.loads(provider.heard[-1].body)
    assert isinstance(found, dict)
    return found
