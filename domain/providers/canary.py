"""The canary: a source of our own, whose events go the whole way and can say nothing about money.

It signs as Standard Webhooks describes. Whatever its body holds is translated to a type that is
ignored, with no fact, no reference and no mode: there is no path from here to a payment, whoever
has the secret.
"""

from __future__ import annotations

import hmac
from typing import Any

from domain import signing
from domain.delivery import ProviderEvent
from domain.providers.message_hmac import MessageHmac

CANARY = "canary"
"""The source of its events. No payment can be at it: it is none of `PROVIDERS`."""

_PURPOSE = b"payratchet canary 1"


class Canary(MessageHmac):
    """The dialect of `payratchet doctor`."""

    name = CANARY

    def key_of(self, secret: bytes) -> bytes:
        """Take the text as it is."""
        return secret

    def reference(self, tree: dict[str, Any]) -> object:
        """Return none, whatever the body says."""
        del tree
        return None

    def translate(self, tree: dict[str, Any]) -> ProviderEvent:
        """Claim nothing, whatever the body says."""
        del tree
        return ProviderEvent(CANARY, None)

    def parse(self, body: bytes, event_key: str) -> ProviderEvent:
        """Claim nothing, and set nothing aside: what cannot be read is a canary too."""
        del body, event_key
        return self.translate({})


def secret_of(pepper: str) -> str:
    """Return the canary's secret: only who knows the pepper of API keys can make it.

    The pepper cannot be found from it, and what it signs can do nothing.
    """
    return hmac.digest(pepper.encode(), _PURPOSE, "sha256").hex()


def signed_headers(
    message_id: str, body: bytes, *, at_s: int, secret: str
) -> tuple[tuple[str, str], ...]:
    """Return the headers of a canary; `at_s` is Unix time."""
    content = b"%b.%d.%b" % (message_id.encode(), at_s, body)
    code = signing.base64_code(secret.encode(), content, "sha256")
    return (
        ("webhook-id", message_id),
        ("webhook-timestamp", str(at_s)),
        ("webhook-signature", f"v1,{code.decode()}"),
    )
