"""Mollie: payments with their refunds and chargebacks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from tests.simulator.api.lookups.book import BROKEN, DONE, FAILED, LOST, OPEN, PAID, PENDING, major
from tests.simulator.api.lookups.desk import Asked, Desk, Said, bearer

if TYPE_CHECKING:
    from tests.simulator.api.lookups.book import Sale

STATUSES = {PAID: "paid", OPEN: "open", FAILED: "expired"}
REFUNDS = {DONE: "refunded", PENDING: "pending", BROKEN: "failed"}


class Mollie(Desk):
    """Known by `tr_…` alone."""

    slug = "mollie-classic"
    settings: ClassVar = {"API_KEY": "test_SimulatedMollieKey0123456789"}
    object_id = "tr_sim{:05}"
    currency = "EUR"

    def is_let_in(self, asked: Asked) -> bool:
        return bearer(asked) == self.key

    def answer(self, asked: Asked) -> Said | None:
        match asked.path:
            case ("v2", "payments", name) if name in self.book.sales:
                return 200, _payment(self.book.sales[name], asked.query.get("embed", ""))
        return None


def _payment(sale: Sale, embed: str) -> dict[str, Any]:
    def money(amount_minor: int) -> dict[str, str]:
        return {"value": major(amount_minor, sale.currency), "currency": sale.currency}

    refunds = [
        {
            "resource": "refund",
            "id": each.refund_id,
            "status": REFUNDS[each.status],
            "amount": money(each.amount_minor),
            "paymentId": sale.object_id,
        }
        for each in sale.backs
    ]
    chargebacks = [
        {
            "resource": "chargeback",
            "id": f"chb_{sale.object_id}",
            "amount": money(sale.amount_minor),
            "reversedAt": None if sale.contest in ("contested", LOST) else "2026-01-02T03:04:05Z",
            "paymentId": sale.object_id,
        }
        for _ in ([1] if sale.contest else [])
    ]
    return {
        "resource": "payment",
        "id": sale.object_id,
        "mode": "test",
        "createdAt": "2026-01-01T00:00:00+00:00",
        "amount": money(sale.amount_minor),
        "description": "12.50 \u00e9",
        "method": "ideal",
        "metadata": None if sale.reference is None else {"reference": sale.reference},
        "status": STATUSES.get(sale.status, sale.status),
        "_embedded": {
            name: tree
            for name, tree in (("refunds", refunds), ("chargebacks", chargebacks))
            if tree and name in embed.split(",")
        },
        "_links": {"self": {"href": "https://api.example", "type": "application/hal+json"}},
    }
