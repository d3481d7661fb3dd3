"""Xendit: the verification token itself in `x-callback-token`, and nothing signed.

Documented at https://docs.xendit.co/webhook/getting-started/.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from domain.delivery import Hearsay
from domain.providers.card import Card
from domain.providers.paths import dig
from domain.providers.token import TokenHeader

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.delivery import Delivery
    from domain.providers.trust import Claimed

_WEBHOOK_ID = re.compile(rb"[!-~]{1,200}")
_PAYMENT_IDS = ("data.payment_id", "data.data.payment_id")
_OBJECT_IDS = ("data.id", "data.data.id", *_PAYMENT_IDS, "id")
_STATUSES = ("data.status", "data.data.status", "status")


class Xendit(TokenHeader):
    """Webhooks of one account, of the products with events and of invoices, which have none."""

    name = "xendit"
    header = b"x-callback-token"
    ignored = ("payout.",)
    card = Card(
        title="Xendit",
        scheme="none: `x-callback-token` holds the verification token itself",
        key="the webhook verification token of the dashboard",
        retries="6 times within 24 h (15 min, 45 min, 2 h, up to 12 h); a time-out never",
        covers="nothing",
        refetch="required",
        sources=(
            "https://docs.xendit.co/webhook/getting-started/",
            "https://docs.xendit.co/webhook/delivery-attempts-and-retries/",
        ),
        doubts=(
            "whether every product sends `webhook-id`",
            "how every product calls its events",
        ),
        traps=(
            "a delivery that we answer too late is not sent again",
            "every delivery shows the token, and a new token has no overlap with the old one",
        ),
    )

    def key_parts(self, delivery: Delivery, tree: dict[str, Any]) -> Sequence[object]:
        """Name the event by the id of its webhook, else by its type, object and status."""
        webhook_id = delivery.sole_header(b"webhook-id")
        if webhook_id is not None and _WEBHOOK_ID.fullmatch(webhook_id):
            return ("webhook-id", webhook_id.decode())
        type_ = tree.get("event", "callback")
        return (type_, _first(tree, _OBJECT_IDS), _first(tree, _STATUSES) or "none")

    def hear(self, claimed: Claimed) -> Hearsay:
        """Have the payment or the invoice asked about; of a refund the payment that it is of.

        The reference of a refund is its own, and not that of its payment.
        """
        type_ = claimed.type_name("event", otherwise="callback")
        if type_.startswith("refund."):
            return Hearsay(type_, None, claimed.hint(*_PAYMENT_IDS))
        reference = claimed.hint("data.reference_id", "external_id")
        return Hearsay(type_, reference, claimed.hint(*_PAYMENT_IDS, *_OBJECT_IDS))


def _first(tree: dict[str, Any], paths: Sequence[str]) -> object:
    found = (dig(tree, path) for path in paths)
    return next((each for each in found if each is not None), None)
