"""Xendit: payments, invoices and refunds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from tests.simulator.api.lookups.book import (
    BROKEN,
    DONE,
    FAILED,
    OPEN,
    PAID,
    PENDING,
    major,
    number,
)
from tests.simulator.api.lookups.desk import Asked, Desk, Said, user

if TYPE_CHECKING:
    from tests.simulator.api.lookups.book import Sale

PAYMENTS = {PAID: "SUCCEEDED", OPEN: "PENDING", FAILED: "FAILED"}
INVOICES = {PAID: "PAID", OPEN: "PENDING", FAILED: "EXPIRED"}
REFUNDS = {DONE: "SUCCEEDED", PENDING: "PENDING", BROKEN: "FAILED"}


class Xendit(Desk):
    """A sale whose id begins with `py-` is a payment, any other an invoice."""

    slug = "xendit"
    settings: ClassVar = {"API_KEY": "xnd_development_SimulatedKey0123456789"}
    object_id = "py-00000000-0000-4000-8000-0000000{:05}"
    currency = "IDR"

    def is_let_in(self, asked: Asked) -> bool:
        return user(asked) == (self.key, "")

    def answer(self, asked: Asked) -> Said | None:
        match asked.path:
            case ("v3", "payments", name) if name in self.book.sales:
                if asked.headers.get("api-version") != "2024-11-11":
                    return 400, {"error_code": "INVALID_API_VERSION"}
                return 200, _payment(self.book.sales[name])
            case ("v2", "invoices", name) if name in self.book.sales:
                return 200, _invoice(self.book.sales[name])
            case ("refunds",):
                return 200, {"has_more": False, "data": self._refunds(asked)}
        return None

    def missing(self) -> Said:
        return 404, {"error_code": "DATA_NOT_FOUND", "message": "not found"}

    def _refunds(self, asked: Asked) -> list[dict[str, Any]]:
        return [
            {
                "id": each.refund_id,
                "payment_request_id": sale.object_id.replace("py-", "pr-"),
                "invoice_id": sale.object_id,
                "amount": number(major(each.amount_minor, sale.currency)),
                "currency": sale.currency,
                "status": REFUNDS[each.status],
            }
            for sale in self.book.sales.values()
            for each in sale.backs
            if sale.object_id in asked.query.values()
            or sale.object_id.replace("py-", "pr-") in asked.query.values()
        ]


def _payment(sale: Sale) -> dict[str, Any]:
    captures = [{"capture_id": "cap-1", "capture_amount": number(sale.major)}]
    return {
        "payment_id": sale.object_id,
        "payment_request_id": sale.object_id.replace("py-", "pr-"),
        "business_id": "b1",
        "reference_id": sale.reference,
        "currency": sale.currency,
        "request_amount": number(sale.major),
        "captures": captures if sale.status == PAID else [],
        "status": PAYMENTS.get(sale.status, sale.status),
        "description": "12.50 \u00e9",
    }


def _invoice(sale: Sale) -> dict[str, Any]:
    paid = {"paid_amount": number(sale.major)} if sale.status == PAID else {}
    return {
        "id": sale.object_id,
        "external_id": sale.reference,
        "status": INVOICES.get(sale.status, sale.status),
        "amount": number(sale.major),
        "currency": sale.currency,
        **paid,
    }
