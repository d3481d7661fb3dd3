"""Lemon Squeezy: HMAC-SHA256 of the body, which is a JSON:API document.

Documented at https://docs.lemonsqueezy.com/help/webhooks. Amounts are in the smallest unit. The
first payment of a subscription is told twice, as an order and as an invoice: the order counts.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from domain.delivery import Hearsay, Mode
from domain.providers.body_hmac import BodyHmac
from domain.providers.card import Card
from domain.providers.event_keys import at
from domain.providers.trust import Claimed
from domain.providers.vocabulary import Claim, Says, Vocabulary
from domain.providers.wire_values import object_id, type_name

if TYPE_CHECKING:
    from domain.delivery import Said

_DISPUTES = ("dispute_created", "dispute_resolved")
_INVOICES = "subscription-invoices"
_MONEY = ("data.attributes.total", "data.attributes.currency")
_FIRST = "initial"
_LATER = ("data.attributes.billing_reason", ("renewal", "updated"))


def _if_status(status: str) -> tuple[str, tuple[str, ...]]:
    return ("data.attributes.status", (status,))


_ORDER = (
    Claim(Says.SUCCEEDED, "data.id", *_MONEY, only_if=(_if_status("paid"),)),
    Claim(Says.INITIALIZED, "data.id", only_if=(_if_status("pending"),)),
    Claim(Says.FAILED, "data.id", only_if=(_if_status("failed"),)),
)
_INVOICE = (Claim(Says.SUCCEEDED, "data.id", *_MONEY, only_if=(_LATER, _if_status("paid"))),)
_GIVEN_BACK = ("data.attributes.refunded_amount", "data.attributes.currency")


class LemonSqueezy(BodyHmac):
    """Webhooks of one Lemon Squeezy store."""

    name = "lemon-squeezy"
    header = b"x-signature"
    algorithm = "sha256"
    card = Card(
        title="Lemon Squeezy",
        scheme="HMAC-SHA256 of the body, hexadecimal, in `x-signature`",
        key="the signing secret of the webhook: choose one of 16 to 40 characters",
        retries="after 5, 25 and 125 s; then the event is lost, unless it is sent again by hand",
        sources=(
            "https://docs.lemonsqueezy.com/help/webhooks/signing-requests",
            "lmsqueezy/lemonsqueezy.js: src/webhooks/types.ts",
        ),
        refetch="recommended",
        doubts=(
            "the events `dispute_created` and `dispute_resolved`: they make no facts",
            "how currencies without a minor unit are written",
        ),
        traps=(
            "an outage of three minutes loses events for good: list the orders afterwards",
            "Lemon Squeezy takes secrets of 6 characters; fewer than 16 are refused here",
            "the first payment of a subscription is an order and an invoice: only the order counts",
            "an order of nothing, as for a free trial, is set aside: a zero is no amount",
            "an invoice is `subscription-invoices/<id>` here: orders have the same numbers",
        ),
    )
    vocabulary = Vocabulary(
        type="meta.event_name",
        key=("meta.event_name", "data.type", "data.id", "data.attributes.updated_at"),
        reference=("meta.custom_data.reference",),
        claims=MappingProxyType(
            {
                "order_created": _ORDER,
                "subscription_payment_success": _INVOICE,
                "subscription_payment_recovered": _INVOICE,
                "subscription_payment_failed": (Claim(Says.FAILED, "data.id", only_if=(_LATER,)),),
                "order_refunded": (
                    Claim(Says.REFUND_TOTAL, "data.id", *_GIVEN_BACK, capture_id="data.id"),
                ),
                "subscription_payment_refunded": (
                    Claim(
                        Says.REFUND_TOTAL,
                        "data.id",
                        *_GIVEN_BACK,
                        capture_id="data.id",
                        only_if=(_LATER,),
                    ),
                ),
            }
        ),
        payment_id=("data.id",),
        at="data.attributes.updated_at",
        mode="data.attributes.test_mode",
        modes=((True, Mode.TEST), (False, Mode.LIVE)),
    )

    def translate(self, tree: dict[str, Any]) -> Said:
        """Translate orders and later invoices; ask where a body leaves open what it tells."""
        event = type_name(at(tree, "meta", "event_name"))
        if not _is_open(event, tree):
            return self.vocabulary.translate(_named_apart(tree))
        claimed = Claimed(tree)
        about = claimed.hint("data.attributes.order_id")
        reference = claimed.hint(*self.vocabulary.reference)
        return Hearsay(event, reference, about, is_signed=True)


def _is_open(event: str, tree: dict[str, Any]) -> bool:
    """Say whether it is a dispute, whose shape is not known, or an invoice that may be an order's.

    The money of a first invoice is the order's. Whether the order tells of its refund too, is not
    documented.
    """
    if not event.startswith("subscription_payment_"):
        return event in _DISPUTES
    reason = at(tree, "data", "attributes", "billing_reason")
    if reason == _FIRST:
        return event == "subscription_payment_refunded"
    return reason not in _LATER[1]


def _named_apart(tree: dict[str, Any]) -> dict[str, Any]:
    """Return the tree with an id that no order has, where it is about an invoice."""
    data = tree.get("data")
    if not isinstance(data, dict) or data.get("type") != _INVOICES:
        return tree
    return tree | {"data": data | {"id": f"{_INVOICES}/{object_id(data.get('id'))}"}}
