"""GoCardless: HMAC-SHA256 of the body, which is a list of up to 250 events without amounts.

Documented at
https://developer.gocardless.com/getting-started/staying-up-to-date-with-webhooks.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from domain.providers.ask_first import AskFirst
from domain.providers.body_hmac import BodyHmac
from domain.providers.card import Card
from domain.providers.many_events import ManyEventsProvider
from domain.providers.vocabulary import Vocabulary
from domain.providers.wire_values import type_name

if TYPE_CHECKING:
    from collections.abc import Mapping

_PAYMENT = ("links.payment", "links.refund")


class GoCardless(AskFirst, ManyEventsProvider, BodyHmac):
    """Webhooks of one GoCardless endpoint.

    The type is made of two members, as in "payments/confirmed".
    """

    name = "gocardless"
    header = b"webhook-signature"
    algorithm = "sha256"
    batch = "events"
    card = Card(
        title="GoCardless",
        scheme="HMAC-SHA256 of the body, hexadecimal, in `webhook-signature`",
        key="the secret of the webhook endpoint",
        retries="up to 8 tries",
        sources=(
            "https://developer.gocardless.com/getting-started/staying-up-to-date-with-webhooks",
            "gocardless/gocardless-pro-python: gocardless_pro/webhooks.py, tests/webhooks_test.py",
        ),
        refetch="required",
        doubts=("how often it retries", "that `resource_metadata` holds our reference"),
        traps=(
            "one request brings up to 250 events: all are kept, or none is",
            "an event names no amount",
            "an endpoint's secret does not rotate: make a second endpoint, and keep both secrets",
        ),
    )
    vocabulary = Vocabulary(
        type="action",
        key=("id",),
        reference=("resource_metadata.reference",),
        claims=MappingProxyType({}),
    )
    about: Mapping[str, tuple[str, ...]] = MappingProxyType(
        {"payments/": _PAYMENT, "refunds/": _PAYMENT}
    )

    def type_of(self, tree: dict[str, Any]) -> str:
        """Return resource and action."""
        action = type_name(tree.get("action"))
        return type_name(f"{type_name(tree.get('resource_type'))}/{action}")
