"""Objects in the shapes the providers publish, with values of our own."""

from __future__ import annotations

from typing import Any

from domain.asking import Asking, RefundAsking
from domain.money import Money

ASKING = Asking("ORD-1", Money("NGN", 125_000), "cust_1", email="ada@example.com")
REFUND = RefundAsking(ASKING, "RF-1", Money("NGN", 5_000), "302961", reason="not delivered")

STRIPE_ASKING = Asking("ORD-1", Money("USD", 1_250), "cust_1", names=("ORD-1", "cs_test_1"))
STRIPE_REFUND = RefundAsking(STRIPE_ASKING, "RF-1", Money("USD", 500), "pi_1", reason="returned")


def initialized(**changes: Any) -> dict[str, Any]:
    data = {
        "authorization_url": "https://checkout.paystack.com/0peioxfhpn",
        "access_code": "0peioxfhpn",
        "reference": "ORD-1",
    }
    return {"status": True, "message": "Authorization URL created", "data": data | changes}


def transaction(**changes: Any) -> dict[str, Any]:
    return {
        "id": 302961,
        "domain": "test",
        "status": "success",
        "reference": "ORD-1",
        "amount": 125_000,
        "currency": "NGN",
        "fees": 1_875,
        "paid_at": "2026-03-02T06:00:07.000Z",
        "created_at": "2026-03-02T06:00:00.000Z",
        "channel": "card",
        "customer": {"email": "ada@example.com"},
        "metadata": "",
    } | changes


def verified(**changes: Any) -> dict[str, Any]:
    return {"status": True, "message": "Verification successful", "data": transaction(**changes)}


def refund(**changes: Any) -> dict[str, Any]:
    return {
        "id": 77,
        "transaction": 302961,
        "domain": "test",
        "status": "processed",
        "amount": 5_000,
        "currency": "NGN",
        "merchant_note": "RF-1",
        "customer_note": "not delivered",
    } | changes


def refunds(*listed: dict[str, Any]) -> dict[str, Any]:
    return {"status": True, "message": "Refunds retrieved", "data": list(listed), "meta": {}}


def refused(message: str, code: str | None = None) -> dict[str, Any]:
    tree: dict[str, Any] = {"status": False, "message": message, "type": "validation_error"}
    return tree if code is None else tree | {"code": code}


def session(**changes: Any) -> dict[str, Any]:
    return {
        "id": "cs_test_1",
        "object": "checkout.session",
        "status": "open",
        "payment_status": "unpaid",
        "url": "https://checkout.stripe.com/c/pay/cs_test_1",
        "client_reference_id": "ORD-1",
        "metadata": {"reference": "ORD-1"},
        "payment_intent": None,
        "amount_total": 1_250,
        "currency": "usd",
        "livemode": False,
        "created": 1_772_431_200,
    } | changes


def intent(**changes: Any) -> dict[str, Any]:
    return {
        "id": "pi_1",
        "object": "payment_intent",
        "status": "succeeded",
        "amount": 1_250,
        "amount_received": 1_250,
        "currency": "usd",
        "latest_charge": "ch_1",
        "metadata": {"reference": "ORD-1"},
        "livemode": False,
        "created": 1_772_431_200,
    } | changes


def paid_session(**changes: Any) -> dict[str, Any]:
    return session(status="complete", payment_status="paid", payment_intent=intent()) | changes


def stripe_refund(**changes: Any) -> dict[str, Any]:
    return {
        "id": "re_1",
        "object": "refund",
        "amount": 500,
        "currency": "usd",
        "charge": "ch_1",
        "payment_intent": "pi_1",
        "status": "succeeded",
        "metadata": {"refund": "RF-1"},
        "created": 1_772_431_300,
    } | changes


def listed(*objects: dict[str, Any], has_more: bool = False) -> dict[str, Any]:
    return {"object": "list", "data": list(objects), "has_more": has_more}


def stripe_error(type_: str, code: str | None = None) -> dict[str, Any]:
    return {"error": {"type": type_, "code": code, "message": "No such thing: ada@example.com"}}
