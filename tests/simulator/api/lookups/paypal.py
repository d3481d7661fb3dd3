"""PayPal: orders, captures, refunds and disputes, behind a token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from tests.simulator.api.lookups.book import (
    BROKEN,
    DONE,
    FAILED,
    LOST,
    OPEN,
    PAID,
    PENDING,
    WON,
    major,
)
from tests.simulator.api.lookups.desk import Asked, Desk, Said, user

if TYPE_CHECKING:
    from tests.simulator.api.lookups.book import Back, Sale

STATUSES = {PAID: "COMPLETED", OPEN: "PENDING", FAILED: "DECLINED"}
REFUNDS = {DONE: "COMPLETED", PENDING: "PENDING", BROKEN: "FAILED"}
OUTCOMES = {WON: "RESOLVED_SELLER_FAVOUR", LOST: "RESOLVED_BUYER_FAVOUR"}


class PayPal(Desk):
    """A sale is a capture; its order's id begins with O where the capture's begins with C."""

    slug = "paypal"
    settings: ClassVar = {
        "API_KEY": "SimulatedPayPalSecret0123456789",
        "CLIENT_ID": "SimulatedPayPalClient0123456789",
        "MODE": "test",
    }
    object_id = "C00000000000{:05}"
    currency = "USD"

    def token(self, asked: Asked) -> Said | None:
        if asked.path != ("v1", "oauth2", "token"):
            return None
        if user(asked) != (self.settings["CLIENT_ID"], self.key):
            return 401, {"error": "invalid_client"}
        token = self.new_token()
        return 200, {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": self.token_lives_s,
        }

    def is_let_in(self, asked: Asked) -> bool:
        return self.has_token(asked)

    def answer(self, asked: Asked) -> Said | None:
        match asked.path:
            case ("v2", "payments", "captures", name) if name in self.book.sales:
                return 200, _capture(self.book.sales[name])
            case ("v2", "payments", "refunds", name) if found := self.book.back(name):
                return 200, _refund(*found)
            case ("v2", "checkout", "orders", name):
                sale = self.book.sales.get("C" + name[1:])
                return (200, _order(sale)) if sale and "order_gone" not in sale.more else None
            case ("v1", "customer", "disputes", name):
                sale = self.book.sales.get(name.removeprefix("PP-D-"))
                return (200, _dispute(sale)) if sale and sale.contest else None
        return None

    def missing(self) -> Said:
        return 404, {"name": "RESOURCE_NOT_FOUND", "details": []}


def _money(amount_minor: int, sale: Sale) -> dict[str, str]:
    return {"currency_code": sale.currency, "value": major(amount_minor, sale.currency)}


def _capture(sale: Sale) -> dict[str, Any]:
    status = STATUSES.get(sale.status, sale.status)
    if any(each.status == DONE for each in sale.backs):
        status = "REFUNDED" if sale.is_given_back else "PARTIALLY_REFUNDED"
    related = {"related_ids": {"order_id": "O" + sale.object_id[1:]}}
    return {
        "id": sale.object_id,
        "status": status,
        "amount": _money(sale.amount_minor, sale),
        **({"invoice_id": sale.reference} if sale.reference else {}),
        **({} if "orderless" in sale.more else {"supplementary_data": related}),
    }


def _refund(sale: Sale, back: Back) -> dict[str, Any]:
    up = f"https://api.sandbox.paypal.com/v2/payments/captures/{sale.object_id}"
    return {
        "id": back.refund_id,
        "status": REFUNDS[back.status],
        "amount": _money(back.amount_minor, sale),
        "links": [{"rel": "self", "href": "x"}, {"rel": "up", "href": up, "method": "GET"}],
    }


def _order(sale: Sale) -> dict[str, Any]:
    payments = {"captures": [_capture(sale)]}
    if sale.backs:
        payments["refunds"] = [_refund(sale, each) for each in sale.backs]
    unit = {
        "reference_id": "default",
        "amount": _money(sale.amount_minor, sale),
        "description": "12.50 \u00e9",
        **({"custom_id": sale.reference} if sale.reference else {}),
        **({} if "approved" in sale.more else {"payments": payments}),
    }
    status = "APPROVED" if "approved" in sale.more else "COMPLETED"
    order_id = sale.more.get("told_order", "O" + sale.object_id[1:])
    return {"id": order_id, "status": status, "purchase_units": [unit]}


def _dispute(sale: Sale) -> dict[str, Any]:
    over = {"dispute_outcome": {"outcome_code": OUTCOMES.get(sale.contest, "")}}
    return {
        "dispute_id": f"PP-D-{sale.object_id}",
        "disputed_transactions": [{"seller_transaction_id": sale.object_id}],
        "dispute_amount": _money(sale.amount_minor, sale),
        "status": "RESOLVED" if sale.contest in OUTCOMES else "OPEN",
        **(over if sale.contest in OUTCOMES else {}),
    }
