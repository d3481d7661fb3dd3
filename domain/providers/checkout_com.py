"""Checkout.com: HMAC-SHA256 of the body with the signature key of a workflow's action.

Documented at https://checkout.com/docs/workflows/set-up-your-webhook-receiver; amounts at
https://www.checkout.com/docs/payments/accept-payments/format-the-amount-value.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from domain.money import EXPONENTS
from domain.providers.body_hmac import BodyHmac
from domain.providers.card import Card
from domain.providers.vocabulary import Claim, Says, Vocabulary

if TYPE_CHECKING:
    from collections.abc import Mapping

_MONEY = ("data.amount", "data.currency")


def _failed() -> tuple[Claim, ...]:
    return (Claim(Says.FAILED, "data.id"),)


def _refund(says: Says) -> tuple[Claim, ...]:
    return (Claim(says, "data.action_id", *_MONEY, capture_id="data.id"),)


def _dispute(says: Says) -> tuple[Claim, ...]:
    return (Claim(says, "data.id", *_MONEY, capture_id="data.payment_id"),)


_CLAIMS: Mapping[str, tuple[Claim, ...]] = MappingProxyType(
    {
        "payment_approved": (Claim(Says.INITIALIZED, "data.id"),),
        "payment_captured": (Claim(Says.SUCCEEDED, "data.id", *_MONEY),),
        "payment_declined": _failed(),
        "payment_capture_declined": _failed(),
        "payment_expired": _failed(),
        "payment_canceled": _failed(),
        "payment_voided": _failed(),
        "payment_refund_pending": _refund(Says.REFUND_PENDING),
        "payment_refunded": _refund(Says.REFUND_SUCCEEDED),
        "payment_refund_declined": _refund(Says.REFUND_FAILED),
        "dispute_received": _dispute(Says.DISPUTE_OPENED),
        "dispute_evidence_required": _dispute(Says.DISPUTE_OPENED),
        "dispute_evidence_submitted": _dispute(Says.DISPUTE_OPENED),
        "dispute_won": _dispute(Says.DISPUTE_WON),
        "dispute_canceled": _dispute(Says.DISPUTE_WON),
        "dispute_resolved": _dispute(Says.DISPUTE_WON),
        "dispute_lost": _dispute(Says.DISPUTE_LOST),
    }
)
"""Approved is not captured, and voided was never captured. A dispute is resolved when its payment
had been given back already: the refund tells of that money, and the dispute takes none."""


class CheckoutCom(BodyHmac):
    """Webhooks of one workflow."""

    name = "checkout-com"
    header = b"cko-signature"
    algorithm = "sha256"
    card = Card(
        title="Checkout.com",
        scheme="HMAC-SHA256 of the body, hexadecimal, in `cko-signature`",
        key="the signature key of the workflow's webhook action",
        retries="8 tries after 5, 10, 15 and 30 min, 1, 4, 12 and 12 h",
        sources=(
            "https://checkout.com/docs/workflows/set-up-your-webhook-receiver",
            "https://www.checkout.com/docs/payments/accept-payments/format-the-amount-value",
        ),
        doubts=(
            "the names `payment_paid`, `payment_returned` and `payment_expired`",
            "what becomes of the money when a dispute is accepted or expires: both are ignored",
        ),
        traps=(
            "`payment_captured` may come before `payment_approved`",
            "several captures of one payment bear one id: where amounts differ, a person decides",
            "CLP is written with two decimals",
        ),
    )
    vocabulary = Vocabulary(
        type="type",
        key=("id",),
        reference=("data.reference", "data.payment_reference", "data.metadata.reference"),
        claims=_CLAIMS,
        payment_id=("data.payment_id", "data.id"),
        at="created_on",
        decimals=MappingProxyType(dict(EXPONENTS) | {"CLP": 2}),
    )
