"""Klarna Network: payment transactions with their captures and refunds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from tests.simulator.api.lookups.book import FAILED, OPEN, PAID
from tests.simulator.api.lookups.desk import Asked, Desk, Said

if TYPE_CHECKING:
    from tests.simulator.api.lookups.book import Sale

STATES = {PAID: "COMPLETED", OPEN: "AUTHORIZED", FAILED: "COMPLETED"}


class Klarna(Desk):
    """Amounts are in minor units."""

    slug = "klarna"
    settings: ClassVar = {"API_KEY": "klarna_test_api_c2ltdWxhdGVk", "MODE": "test"}
    object_id = "krn:payment:eu1:transaction:sim-{:08}"
    currency = "EUR"

    def is_let_in(self, asked: Asked) -> bool:
        return asked.headers.get("authorization") == f"Basic {self.key}"

    def answer(self, asked: Asked) -> Said | None:
        match asked.path:
            case ("v2", "payment", "transactions", name) if name in self.book.sales:
                return 200, _transaction(self.book.sales[name])
            case ("v2", "payment", "requests", name):
                sale = self.book.sales.get(name.replace(":request:", ":transaction:"))
                return (200, _request(sale, name)) if sale else None
        return None


def _transaction(sale: Sale) -> dict[str, Any]:
    captures = [{"payment_capture_id": "krn:payment:eu1:capture:1", "amount": sale.amount_minor}]
    return {
        "payment_transaction_id": sale.object_id,
        "payment_transaction_reference": sale.reference,
        "amount": sale.amount_minor,
        "currency": sale.currency,
        "state": STATES.get(sale.status, sale.status),
        "payment_captures": captures if sale.status == PAID else [],
        "payment_refunds": [
            {"payment_refund_id": each.refund_id, "amount": each.amount_minor}
            for each in sale.backs
        ],
    }


def _request(sale: Sale, name: str) -> dict[str, Any]:
    return {
        "payment_request_id": name,
        "payment_request_reference": sale.reference,
        "amount": sale.amount_minor,
        "currency": sale.currency,
        "state": "COMPLETED",
    }
