"""The providers we can hear, one dialect a file, by the name in the path of their webhooks."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from domain.providers.paystack import Paystack
from domain.providers.standard_webhooks import StandardWebhooks
from domain.providers.stripe import Stripe

if TYPE_CHECKING:
    from collections.abc import Mapping

    from domain.delivery import Provider

_ALL: tuple[Provider, ...] = (
    Paystack(),
    StandardWebhooks(),
    Stripe(),
)

PROVIDERS: Mapping[str, Provider] = MappingProxyType({each.name: each for each in _ALL})
"""Every provider; which of them are there for the outside depends on who has a secret."""
