"""Cashfree Payments: base64 in one header, milliseconds in another, nothing between time and body.

Documented at https://www.cashfree.com/docs/payments/online/webhooks/signature-verification.
Deliveries have no signed id: an event is named by its type, its object and the object's status.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from domain import signing
from domain.errors import PayloadInvalid, SignatureInvalid
from domain.facts import FactKind
from domain.providers.card import Card
from domain.providers.paths import dig
from domain.providers.timed_hmac import Stamp, TimedHmac
from domain.providers.vocabulary import Claim, Says, Vocabulary
from domain.providers.wire_values import Unit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.delivery import Delivery, ProviderEvent

_UNIX_MILLISECONDS = re.compile(rb"[0-9]{13}")
"""Exactly so many: with the border of the time unfixed, its digits could move into the body."""

_NAMES = {
    "payment": ("cf_payment_id", "payment_status"),
    "refund": ("cf_refund_id", "refund_status"),
    "auto_refund": ("cf_refund_id", "refund_status"),
    "dispute": ("dispute_id", "dispute_status"),
}
"""By the object that `data` may have: what names it, and how far it has come."""

_STAGES = ("DISPUTE", "CHARGEBACK", "PRE_ARBITRATION", "ARBITRATION")
"""Of a dispute. A retrieval only asks for papers."""


def _payment(says: Says, *statuses: str) -> Claim:
    return Claim(
        says,
        "data.payment.cf_payment_id",
        "data.payment.payment_amount",
        "data.payment.payment_currency",
        only_if=(("data.payment.payment_status", statuses),),
    )


def _refunds(refund: str) -> tuple[Claim, ...]:
    meanings = {
        Says.REFUND_PENDING: ("PENDING", "ONHOLD"),
        Says.REFUND_SUCCEEDED: ("SUCCESS",),
        Says.REFUND_FAILED: ("FAILED", "CANCELLED"),
    }
    return tuple(
        Claim(
            says,
            f"{refund}.cf_refund_id",
            f"{refund}.refund_amount",
            f"{refund}.refund_currency",
            f"{refund}.cf_payment_id",
            only_if=((f"{refund}.refund_status", statuses),),
        )
        for says, statuses in meanings.items()
    )


def _dispute(says: Says, *outcomes: str) -> Claim:
    statuses = tuple(f"{stage}_{outcome}" for stage in _STAGES for outcome in outcomes)
    return Claim(
        says,
        "data.dispute.dispute_id",
        "data.dispute.dispute_amount",
        "data.order_details.payment_currency",
        "data.order_details.cf_payment_id",
        only_if=(("data.dispute.dispute_status", statuses),),
    )


_DISPUTES = (
    _dispute(
        Says.DISPUTE_OPENED, "CREATED", "DOCS_RECEIVED", "UNDER_REVIEW", "INSUFFICIENT_EVIDENCE"
    ),
    _dispute(Says.DISPUTE_WON, "MERCHANT_WON"),
    _dispute(Says.DISPUTE_LOST, "MERCHANT_LOST", "MERCHANT_ACCEPTED"),
)


class Cashfree(TimedHmac):
    """Webhooks of one Cashfree account, versions 2023-08-01 and later."""

    name = "cashfree"
    separator = b""
    encoding = "base64"
    tolerance_s = None
    card = Card(
        title="Cashfree Payments",
        scheme="HMAC-SHA256 of `x-webhook-timestamp` and the body with nothing between them,"
        " base64, in `x-webhook-signature`",
        key="the client secret of the API",
        retries="as set in the dashboard",
        sources=(
            "https://www.cashfree.com/docs/payments/online/webhooks/signature-verification",
            "https://www.cashfree.com/docs/api-reference/payments/latest/disputes/dispute-webhooks",
            "https://github.com/cashfree/cashfree-pg-sdk-python",
        ),
        refetch="recommended",
        doubts=(
            "where a dispute's currency stands",
            "what a refund that Cashfree began by itself is told of",
        ),
        traps=(
            "the dot in the documented formula joins texts in PHP: it is not signed",
            "a failed payment is not the end of its order, which may have several",
            "the headers that number the tries and name the event are not signed, and not read",
        ),
    )
    vocabulary = Vocabulary(
        type="type",
        key=(),
        reference=(
            "data.order.order_id",
            "data.refund.order_id",
            "data.auto_refund.order_id",
            "data.order_details.order_id",
        ),
        payment_id=(
            "data.payment.cf_payment_id",
            "data.refund.cf_payment_id",
            "data.auto_refund.cf_payment_id",
            "data.order_details.cf_payment_id",
        ),
        at="event_time",
        unit=Unit.MAJOR,
        claims={
            "PAYMENT_SUCCESS_WEBHOOK": (_payment(Says.SUCCEEDED, "SUCCESS"),),
            "PAYMENT_FAILED_WEBHOOK": (_payment(Says.FAILED, "FAILED"),),
            "PAYMENT_USER_DROPPED_WEBHOOK": (_payment(Says.FAILED, "USER_DROPPED"),),
            "REFUND_STATUS_WEBHOOK": _refunds("data.refund"),
            "AUTO_REFUND_STATUS_WEBHOOK": _refunds("data.auto_refund"),
            "DISPUTE_CREATED": _DISPUTES,
            "DISPUTE_UPDATED": _DISPUTES,
            "DISPUTE_CLOSED": _DISPUTES,
        },
    )

    def stamp(self, delivery: Delivery) -> Stamp:
        """Read the two headers."""
        code = signing.required_header(delivery, b"x-webhook-signature")
        return Stamp(signing.required_header(delivery, b"x-webhook-timestamp"), [code])

    def signed_at_s(self, time: bytes) -> int:
        """Read the time, which is in milliseconds."""
        if _UNIX_MILLISECONDS.fullmatch(time) is None:
            raise SignatureInvalid("the timestamp is not thirteen decimal digits")
        return int(time) // 1000

    def key_parts(self, delivery: Delivery, tree: dict[str, Any]) -> Sequence[object]:  # noqa: ARG002
        """Name the event by type, object and status; a body about none of these is its own name."""
        for about, names in _NAMES.items():
            found = dig(tree, f"data.{about}")
            if isinstance(found, dict):
                return (tree.get("type"), *(found.get(name) for name in names))
        return ()

    def translate(self, tree: dict[str, Any]) -> ProviderEvent:
        """Refuse a refund that names no payment: the customer would have to bear it."""
        said = self.vocabulary.translate(tree)
        if any(fact.kind is FactKind.REFUND and fact.capture_id is None for fact in said.facts):
            raise PayloadInvalid("a refund does not say of which payment it is")
        return said
