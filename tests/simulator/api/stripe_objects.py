"""Stripe's objects as its API writes them: https://docs.stripe.com/api."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.simulator.api.checkout import Stage
from tests.simulator.stripe import (
    WIRE_FACTOR,
    WITH_TWO_DECIMALS,
    charge_of,
    intent_of,
    paid_intent_of,
    refund_of,
    wire,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.simulator.api.checkout import Attempt, Checkout, Returned

SESSION_STATUSES = {Stage.PAID: "complete", Stage.EXPIRED: "expired", Stage.PENDING: "complete"}


def unwired(amount: int, currency: str) -> int:
    """Return the minor units that an amount of the wire means. Raises ValueError."""
    if currency not in WITH_TWO_DECIMALS:
        return amount
    whole, rest = divmod(amount, WIRE_FACTOR)
    if rest:
        raise ValueError(f"{currency} has no decimals, although it is written with two")
    return whole


def session(checkout: Checkout, *, origin: str, intent: dict[str, Any] | str | None) -> Any:
    """Return a checkout session. It has no intent before its customer tries to pay."""
    sale, about = checkout.sale, checkout.about
    amount = wire(sale.amount_minor, sale.currency)
    status = SESSION_STATUSES.get(checkout.stage, "open")
    return {
        "id": checkout.code,
        "object": "checkout.session",
        "amount_subtotal": amount,
        "amount_total": amount,
        "cancel_url": checkout.leave_url,
        "client_reference_id": about.get("client_reference_id"),
        "created": int(checkout.made_at.timestamp()),
        "currency": sale.currency.lower(),
        "customer": about.get("customer"),
        "customer_email": sale.email,
        "expires_at": int(checkout.expires_at.timestamp()),
        "livemode": False,
        "metadata": about.get("metadata") or {},
        "mode": "payment",
        "payment_intent": intent,
        "payment_method_types": ["card"],
        "payment_status": "paid" if checkout.stage is Stage.PAID else "unpaid",
        "status": status,
        "success_url": checkout.return_url,
        "url": f"{origin}/stripe/checkout/{checkout.code}" if status == "open" else None,
    }


def intent(attempt: Attempt, *, expand_charge: bool = False) -> dict[str, Any]:
    """Return a payment intent: what one attempt to pay has come to."""
    checkout, capture = attempt.checkout, attempt.capture
    common = {"created": int(attempt.made_at.timestamp()), "livemode": False}
    if capture is not None:
        tree = paid_intent_of(capture, capture.amount_minor) | common
        return tree | ({"latest_charge": charge(attempt)} if expand_charge else {})
    about = {
        "status": _status(checkout, attempt),
        "amount_received": 0,
        "canceled_at": None,
        "cancellation_reason": None,
        "last_payment_error": None,
    }
    if attempt.is_declined:
        about["last_payment_error"] = {
            "code": "card_declined",
            "decline_code": "generic_decline",
            "message": "Your card was declined.",
            "type": "card_error",
        }
    return intent_of(checkout.sale, attempt.attempt_id) | common | about


def charge(attempt: Attempt) -> dict[str, Any] | None:
    """Return the charge by which an attempt has succeeded, None where it has not."""
    if attempt.capture is None:
        return None
    is_disputed = bool(attempt.capture.disputes)
    return charge_of(attempt.capture) | {
        "created": int(attempt.made_at.timestamp()),
        "disputed": is_disputed,
        "livemode": False,
    }


def refund(returned: Returned) -> dict[str, Any]:
    """Return a refund."""
    about = {"created": int(returned.made_at.timestamp())}
    if returned.merchant_note:
        about["reason"] = returned.merchant_note  # type: ignore[assignment]
    return refund_of(returned.refund) | about


def listed(trees: Sequence[Any], *, url: str, has_more: bool) -> dict[str, Any]:
    """Return a page of a list."""
    return {"object": "list", "url": url, "has_more": has_more, "data": list(trees)}


def _status(checkout: Checkout, attempt: Attempt) -> str:
    if checkout.stage is Stage.EXPIRED:
        return "canceled"
    is_waiting = checkout.stage is Stage.PENDING and not attempt.is_declined
    return "processing" if is_waiting else "requires_payment_method"
