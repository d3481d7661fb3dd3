"""Paystack's objects as its API writes them: https://paystack.com/docs/api/."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.simulator.api.checkout import Stage
from tests.simulator.books import RefundStatus
from tests.simulator.desk import iso
from tests.simulator.paystack import WIRE_FACTOR, WITHOUT_SUBUNIT, wire

if TYPE_CHECKING:
    from datetime import datetime

    from tests.simulator.api.checkout import Checkout, Returned

INTEGRATION = 412829
REFUND_IDS_FROM = 3_018_000
_STATUSES = {
    Stage.PENDING: "pending",
    Stage.DECLINED: "failed",
    Stage.ABANDONED: "abandoned",
    Stage.EXPIRED: "abandoned",
}
_RESPONSES = {
    "success": "Successful",
    "reversed": "Reversed",
    "failed": "Declined",
    "pending": "Pending",
}
_REFUND_STATUSES = {RefundStatus.SUCCEEDED: "processed", RefundStatus.FAILED: "failed"}


def unwired(amount: int, currency: str) -> int:
    """Return the minor units that an amount of the wire means. Raises ValueError."""
    if currency not in WITHOUT_SUBUNIT:
        return amount
    whole, rest = divmod(amount, WIRE_FACTOR)
    if rest:
        raise ValueError(f"{currency} has no subunit")
    return whole


def transaction_id(checkout: Checkout) -> int:
    """Return the number by which Paystack knows the transaction."""
    return _number(checkout.sale.provider_id)


def status_of(checkout: Checkout, *, untouched: str) -> str:
    """Return the status of a transaction; `untouched` while nobody has used its page."""
    if checkout.stage is Stage.PAID:
        return "reversed" if checkout.is_given_back else "success"
    return _STATUSES.get(checkout.stage, untouched)


def transaction(checkout: Checkout, *, untouched: str) -> dict[str, Any]:
    """Return a transaction as verify and the list tell it."""
    sale, captures = checkout.sale, checkout.sale.captures
    status = status_of(checkout, untouched=untouched)
    amount_minor = captures[0].amount_minor if captures else sale.amount_minor
    currency = captures[0].currency if captures else sale.currency
    made_at, paid_at = iso(checkout.made_at), _maybe(checkout.paid_at)
    fees = wire(sum(c.fee_minor for c in captures), currency) if captures else None
    return {
        "id": transaction_id(checkout),
        "domain": "test",
        "status": status,
        "reference": sale.reference,
        "receipt_number": None,
        "amount": wire(amount_minor, currency),
        "message": None,
        "gateway_response": _RESPONSES.get(status, "The transaction was not completed"),
        "paid_at": paid_at,
        "created_at": made_at,
        "channel": "card",
        "currency": currency,
        "ip_address": "192.0.2.17",
        "metadata": dict(sale.metadata or {}) or "",
        "log": None,
        "fees": fees,
        "fees_split": None,
        "authorization": _authorization(checkout) if captures else {},
        "customer": _customer(checkout),
        "plan": None,
        "split": {},
        "order_id": None,
        "paidAt": paid_at,
        "createdAt": made_at,
        "requested_amount": wire(sale.amount_minor, sale.currency),
        "pos_transaction_data": None,
        "source": None,
        "fees_breakdown": None,
        "connect": None,
        "transaction_date": made_at,
        "plan_object": {},
        "subaccount": {},
    }


def refund(returned: Returned, *, unnamed: bool) -> dict[str, Any]:
    """Return a refund as GET tells it.

    The name that its webhooks use is not there while it is pending, and never where it is
    `unnamed`.
    """
    made, capture = returned.refund, returned.refund.capture
    amount = wire(made.amount_minor, capture.currency)
    is_pending = made.status is RefundStatus.PENDING
    bank_reference = None if is_pending or unnamed else str(_number(made.refund_id))
    return {
        "integration": INTEGRATION,
        "transaction": transaction_id(returned.checkout),
        "dispute": None,
        "settlement": None,
        "id": REFUND_IDS_FROM + returned.number,
        "domain": "test",
        "currency": capture.currency,
        "amount": amount,
        "status": _REFUND_STATUSES.get(made.status, "pending"),
        "refunded_at": _maybe(returned.settled_at),
        "refunded_by": "merchant@shop.example",
        "customer_note": returned.customer_note,
        "merchant_note": returned.merchant_note,
        "deducted_amount": 0 if is_pending else amount,
        "fully_deducted": not is_pending,
        "createdAt": iso(returned.made_at),
        "updatedAt": iso(returned.settled_at or returned.made_at),
        "transaction_reference": capture.sale.reference,
        "refund_reference": bank_reference,
        "bank_reference": bank_reference,
        "transaction_amount": wire(capture.amount_minor, capture.currency),
        "channel": "card",
    }


def _authorization(checkout: Checkout) -> dict[str, Any]:
    return {
        "authorization_code": f"AUTH_{transaction_id(checkout)}",
        "bin": "408408",
        "last4": "4081",
        "exp_month": "12",
        "exp_year": "2030",
        "channel": "card",
        "card_type": "visa ",
        "bank": "TEST BANK",
        "country_code": "NG",
        "brand": "visa",
        "reusable": True,
        "signature": f"SIG_{transaction_id(checkout)}",
        "account_name": None,
    }


def _customer(checkout: Checkout) -> dict[str, Any]:
    return {
        "id": 82796315,
        "first_name": None,
        "last_name": None,
        "email": checkout.sale.email,
        "customer_code": "CUS_simulated",
        "phone": None,
        "metadata": None,
        "risk_action": "default",
        "international_format_phone": None,
    }


def _number(object_id: str) -> int:
    return int(object_id.rpartition("_")[2], 16)


def _maybe(at: datetime | None) -> str | None:
    return None if at is None else iso(at)
