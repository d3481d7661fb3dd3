"""Flutterwave v3: transactions, and refunds, all of them whatever was asked for."""

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
from tests.simulator.api.lookups.desk import Asked, Desk, Said, bearer

if TYPE_CHECKING:
    from tests.simulator.api.lookups.book import Sale

STATUSES = {PAID: "successful", OPEN: "pending", FAILED: "failed"}
REFUNDS = {DONE: "completed-mpgs", PENDING: "new", BROKEN: "failed"}


class FlutterwaveV3(Desk):
    """Amounts are in major units, as JSON numbers."""

    slug = "flutterwave-v3"
    settings: ClassVar = {"API_KEY": "FLWSECK_TEST-0123456789abcdef-X"}
    object_id = "2859{:05}"
    currency = "NGN"

    def is_let_in(self, asked: Asked) -> bool:
        return bearer(asked) == self.key

    def answer(self, asked: Asked) -> Said | None:
        match asked.path:
            case ("v3", "transactions", "verify_by_reference"):
                sales = self.book.of(asked.query["tx_ref"])
                return (200, _told(sales[0])) if sales else self.missing()
            case ("v3", "transactions", name, "verify") if name in self.book.sales:
                return 200, _told(self.book.sales[name])
            case ("v3", "refunds"):
                return 200, {"status": "success", "data": self._refunds()}
        return None

    def missing(self) -> Said:
        return 400, {"status": "error", "message": "No transaction was found for this id"}

    def _refunds(self) -> list[dict[str, Any]]:
        return [
            {
                "id": int(each.refund_id),
                "tx_id": int(sale.object_id),
                "amount_refunded": number(major(each.amount_minor, sale.currency)),
                "status": REFUNDS[each.status],
            }
            for sale in self.book.sales.values()
            for each in sale.backs
        ]


def _told(sale: Sale) -> dict[str, Any]:
    data = {
        "id": int(sale.object_id),
        "tx_ref": sale.reference,
        "flw_ref": "FLW-1",
        "amount": number(sale.major),
        "charged_amount": number(sale.major),
        "currency": sale.currency,
        "narration": "12.50 \u00e9",
        "status": STATUSES.get(sale.status, sale.status),
        "created_at": "2026-01-01T00:00:00.000Z",
    }
    return {"status": "success", "message": "Transaction fetched successfully", "data": data}
