"""Razorpay: HMAC-SHA256 of the body; the event's id stands in a header that is not signed.

Documented at https://razorpay.com/docs/webhooks/. Amounts are in the smallest unit.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from domain.providers.body_hmac import BodyHmac
from domain.providers.card import Card
from domain.providers.paths import dig
from domain.providers.vocabulary import Claim, Says, Vocabulary

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from domain.delivery import Delivery

_PAYMENT, _REFUND, _DISPUTE = (
    f"payload.{each}.entity" for each in ("payment", "refund", "dispute")
)
_CAPTURED = (f"{_PAYMENT}.id", f"{_PAYMENT}.amount", f"{_PAYMENT}.currency")


def _about(says: Says, entity: str) -> tuple[Claim, ...]:
    paths = (f"{entity}.id", f"{entity}.amount", f"{entity}.currency", f"{entity}.payment_id")
    return (Claim(says, *paths),)


_CLAIMS: Mapping[str, tuple[Claim, ...]] = MappingProxyType(
    {
        "payment.authorized": (Claim(Says.INITIALIZED, f"{_PAYMENT}.id"),),
        "payment.captured": (Claim(Says.SUCCEEDED, *_CAPTURED),),
        "order.paid": (
            Claim(Says.SUCCEEDED, *_CAPTURED, only_if=((f"{_PAYMENT}.status", ("captured",)),)),
        ),
        "payment.failed": (Claim(Says.FAILED, f"{_PAYMENT}.id"),),
        "refund.created": _about(Says.REFUND_PENDING, _REFUND),
        "refund.processed": _about(Says.REFUND_SUCCEEDED, _REFUND),
        "refund.failed": _about(Says.REFUND_FAILED, _REFUND),
        "payment.dispute.created": _about(Says.DISPUTE_OPENED, _DISPUTE),
        "payment.dispute.under_review": _about(Says.DISPUTE_OPENED, _DISPUTE),
        "payment.dispute.action_required": _about(Says.DISPUTE_OPENED, _DISPUTE),
        "payment.dispute.won": _about(Says.DISPUTE_WON, _DISPUTE),
        "payment.dispute.closed": _about(Says.DISPUTE_WON, _DISPUTE),
        "payment.dispute.lost": _about(Says.DISPUTE_LOST, _DISPUTE),
    }
)
"""An order that is paid names the payment that paid it, so that both tell of one success."""


class Razorpay(BodyHmac):
    """Webhooks of one Razorpay account."""

    name = "razorpay"
    header = b"x-razorpay-signature"
    algorithm = "sha256"
    card = Card(
        title="Razorpay",
        scheme="HMAC-SHA256 of the body, hexadecimal, in `x-razorpay-signature`",
        key="the webhook's own secret, which is not the API key's",
        retries="24 h, growing pauses; then the webhook is switched off",
        sources=(
            "https://razorpay.com/docs/webhooks/validate-test/",
            "razorpay/razorpay-python: razorpay/utility/utility.py",
            "razorpay/markdown-docs: webhooks/best-practices.md",
        ),
        refetch="recommended",
        doubts=("that a dispute which is only closed has taken no money",),
        traps=(
            "`x-razorpay-event-id` is not signed, and not used: one delivery could bear many ids",
            "old events are still signed with the old secret: keep both for 24 h",
            "`payment.failed` and then `payment.captured` of one order is normal",
            "`payment.authorized` is no money yet",
        ),
    )
    vocabulary = Vocabulary(
        type="event",
        key=(),
        reference=(
            f"{_PAYMENT}.notes.reference",
            "payload.order.entity.receipt",
        ),
        claims=_CLAIMS,
        payment_id=(f"{_PAYMENT}.id", f"{_REFUND}.payment_id", f"{_DISPUTE}.payment_id"),
        at="created_at",
    )

    def key_parts(self, delivery: Delivery, tree: dict[str, Any]) -> Sequence[object]:
        """Name the event by its type, its object and its time, which a retry repeats.

        Where the object has no id of the usual place, its body is its name.
        """
        del delivery
        event = tree.get("event")
        if not isinstance(event, str):
            return (None,)
        parts = (event, dig(tree, f"payload.{_entity(event)}.entity.id"), tree.get("created_at"))
        return () if None in parts else parts


def _entity(event: str) -> str:
    return "dispute" if event.startswith("payment.dispute.") else event.partition(".")[0]
