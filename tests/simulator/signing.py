"""How each provider signs, written from its documentation."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Headers = dict[str, str]


@dataclass(frozen=True, slots=True)
class Signable:
    """What a signature may cover: the bytes, the message's id, and the time of sending."""

    body: bytes
    message_id: str
    at_s: int


def paystack(secret: str, what: Signable) -> Headers:
    """Sign the body alone, with the API key."""
    code = hmac.new(secret.encode(), what.body, hashlib.sha512).hexdigest()
    return {"x-paystack-signature": code}


def stripe(secret: str, what: Signable) -> Headers:
    """Sign the time and the body; the whole secret is the key."""
    content = f"{what.at_s}.".encode() + what.body
    code = hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()
    return {"stripe-signature": f"t={what.at_s},v1={code}"}


def standard_webhooks(secret: str, what: Signable) -> Headers:
    """Sign the id, the time and the body; the key is the base64 after `whsec_`."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = f"{what.message_id}.{what.at_s}.".encode() + what.body
    code = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    return {
        "webhook-id": what.message_id,
        "webhook-timestamp": str(what.at_s),
        "webhook-signature": f"v1,{code}",
    }


SIGNERS: Mapping[str, Callable[[str, Signable], Headers]] = MappingProxyType(
    {"paystack": paystack, "stripe": stripe, "standard-webhooks": standard_webhooks}
)
"""By the provider's name in the path."""

SIGNATURE_HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "paystack": "x-paystack-signature",
        "stripe": "stripe-signature",
        "standard-webhooks": "webhook-signature",
    }
)
"""The header that holds the code."""

SECRET_SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        "paystack": "PAYSTACK_SECRET_KEY",
        "stripe": "STRIPE_WEBHOOK_SECRET",
        "standard-webhooks": "STANDARD_WEBHOOKS_WEBHOOK_SECRET",
    }
)
"""The setting that holds the secret."""


def secrets_of(environment: Mapping[str, str]) -> dict[str, str]:
    """Return each provider's newest secret, as the receiver's environment has it."""
    return {
        provider: environment[name].partition(",")[0] for provider, name in SECRET_SETTINGS.items()
    }
