"""Plaid: transfers, by id or listed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from tests.simulator.api.lookups.book import BROKEN, DONE, FAILED, LOST, OPEN, PAID, PENDING, major
from tests.simulator.api.lookups.desk import Asked, Desk, Said

if TYPE_CHECKING:
    from tests.simulator.api.lookups.book import Sale

STATUSES = {PAID: "settled", OPEN: "posted", FAILED: "failed"}
PAYMENTS = {PAID: "SETTLED", OPEN: "INITIATED", FAILED: "REJECTED"}
REFUNDS = {DONE: "settled", PENDING: "posted", BROKEN: "failed"}


class Plaid(Desk):
    """A sale whose id begins with `payment-id` is a payment by bank, any other a debit."""

    slug = "plaid"
    settings: ClassVar = {
        "API_KEY": "0123456789abcdef0123456789abcd",
        "CLIENT_ID": "5f0123456789abcdef012345",
        "MODE": "test",
    }
    object_id = "460cbe92-2dcc-8eae-5ad6-b37d0ec{:05}"
    currency = "USD"

    def is_let_in(self, asked: Asked) -> bool:
        shown = (asked.headers.get("plaid-client-id"), asked.headers.get("plaid-secret"))
        return shown == (self.settings["CLIENT_ID"], self.key)

    def answer(self, asked: Asked) -> Said | None:
        match asked.path:
            case ("transfer", "get"):
                sale = self.book.sales.get(asked.json["transfer_id"])
                return (200, {"transfer": _transfer(sale)}) if sale else None
            case ("transfer", "list"):
                first = asked.json["offset"]
                page = list(reversed(self.book.sales.values()))[first : first + asked.json["count"]]
                return 200, {"transfers": [_transfer(each) for each in page]}
            case ("payment_initiation", "payment", "get"):
                sale = self.book.sales.get(asked.json["payment_id"])
                return (200, _payment(sale)) if sale else None
        return None

    def refused(self) -> Said:
        return 401, {"error_code": "INVALID_API_KEYS"}


def _transfer(sale: Sale) -> dict[str, Any]:
    status = STATUSES.get(sale.status, sale.status)
    return {
        "id": sale.object_id,
        "type": sale.more.get("type", "debit"),
        "amount": sale.major,
        "iso_currency_code": sale.currency,
        "description": "12.50 \u00e9",
        "status": "returned" if sale.contest == LOST else status,
        "metadata": {} if sale.reference is None else {"reference": sale.reference},
        "refunds": [
            {
                "id": each.refund_id,
                "amount": major(each.amount_minor, sale.currency),
                "status": REFUNDS[each.status],
            }
            for each in sale.backs
        ],
    }


def _payment(sale: Sale) -> dict[str, Any]:
    return {
        "payment_id": sale.object_id,
        "reference": sale.reference,
        "amount": {"currency": sale.currency, "value": float(sale.major)},
        "status": f"PAYMENT_STATUS_{PAYMENTS.get(sale.status, sale.status)}",
    }
