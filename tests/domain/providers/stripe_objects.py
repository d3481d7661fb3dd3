"""Stripe's objects as its webhooks carry them, and what is read in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.facts import Fact, FactKind, FactStatus
from domain.money import Money
from tests.conformance.sender import NOW_S, dumped
from tests.conformance.senders.stripe import SENDER as STRIPE

if TYPE_CHECKING:
    from domain.delivery import ProviderEvent


def intent(**changes: Any) -> dict[str, Any]:
    """Return a payment intent."""
    return {
        "id": "pi_1",
        "object": "payment_intent",
        "amount": 2000,
        "amount_received": 2000,
        "currency": "usd",
        "status": "succeeded",
        "latest_charge": "ch_1",
        "metadata": {"reference": "ORD-1"},
    } | changes


def charge(**changes: Any) -> dict[str, Any]:
    """Return a charge of that intent."""
    return {
        "id": "ch_1",
        "object": "charge",
        "amount": 2000,
        "amount_captured": 2000,
        "amount_refunded": 0,
        "captured": True,
        "currency": "usd",
        "status": "succeeded",
        "payment_intent": "pi_1",
        "metadata": {"reference": "ORD-1"},
    } | changes


def session(**changes: Any) -> dict[str, Any]:
    """Return a checkout session of that intent."""
    return {
        "id": "cs_1",
        "object": "checkout.session",
        "amount_total": 2000,
        "currency": "usd",
        "payment_intent": "pi_1",
        "payment_status": "paid",
        "client_reference_id": "ORD-1",
        "metadata": {},
    } | changes


def refund(**changes: Any) -> dict[str, Any]:
    """Return a refund of that charge."""
    return {
        "id": "re_1",
        "object": "refund",
        "amount": 500,
        "charge": "ch_1",
        "currency": "usd",
        "payment_intent": "pi_1",
        "status": "succeeded",
        "metadata": {},
    } | changes


def dispute(**changes: Any) -> dict[str, Any]:
    """Return a dispute of that charge."""
    return {
        "id": "dp_1",
        "object": "dispute",
        "amount": 2000,
        "charge": "ch_1",
        "currency": "usd",
        "payment_intent": "pi_1",
        "status": "needs_response",
        "metadata": {},
    } | changes


def event(type_: str, about: Any, **changes: Any) -> dict[str, Any]:
    """Return the body of a webhook about an object."""
    return {
        "id": "evt_1",
        "object": "event",
        "api_version": "2025-01-27.acacia",
        "created": NOW_S,
        "data": {"object": about},
        "livemode": False,
        "pending_webhooks": 1,
        "type": type_,
    } | changes


def parsed(type_: str, about: Any, **changes: Any) -> ProviderEvent:
    """Return what a webhook about an object says."""
    return STRIPE.told(dumped(event(type_, about, **changes)))


def success(object_id: str, amount_minor: int = 2000) -> Fact:
    """Return the fact of a capture."""
    amount = Money("USD", amount_minor)
    return Fact(FactKind.SUCCEEDED, object_id, FactStatus.SUCCEEDED, amount, at_s=NOW_S)
