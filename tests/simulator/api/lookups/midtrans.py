"""Midtrans: transactions with their refunds, by their own id or the merchant's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from tests.simulator.api.lookups.book import DONE, FAILED, OPEN, PAID, major
from tests.simulator.api.lookups.desk import Asked, Desk, Said, user

if TYPE_CHECKING:
    from tests.simulator.api.lookups.book import Sale

STATUSES = {PAID: "settlement", OPEN: "pending", FAILED: "expire"}


class Midtrans(Desk):
    """Refuses with a status of success, and says in the body that it does."""

    slug = "midtrans"
    settings: ClassVar = {"API_KEY": "SB-Mid-server-Simulated0123456789"}
    object_id = "249fc620-6017-4540-af7c-5a1c257{:05}"
    currency = "IDR"

    def is_let_in(self, asked: Asked) -> bool:
        return user(asked) == (self.key, "")

    def answer(self, asked: Asked) -> Said | None:
        match asked.path:
            case ("v2", name, "status"):
                sales = [each for each in [self.book.sales.get(name)] if each]
                sales = sales or self.book.of(name)
                return (200, _transaction(sales[0])) if sales else self.missing()
        return None

    def refused(self) -> Said:
        return 401, {"status_code": "401", "status_message": "Access denied", "id": "1"}

    def missing(self) -> Said:
        return 200, {"status_code": "404", "status_message": "Transaction doesn't exist."}


def _transaction(sale: Sale) -> dict[str, Any]:
    status = STATUSES.get(sale.status, sale.status)
    done = [each for each in sale.backs if each.status == DONE]
    if done:
        status = "refund" if sale.is_given_back else "partial_refund"
    if sale.contest:
        status = "chargeback"
    tree: dict[str, Any] = {
        "status_code": "201" if status == "pending" else "200",
        "status_message": "Success, transaction is found",
        "transaction_id": sale.object_id,
        "order_id": sale.reference,
        "payment_type": sale.more.get("payment_type", "qris"),
        "transaction_time": "2026-01-01 00:00:00",
        "transaction_status": status,
        "fraud_status": sale.more.get("fraud_status", "accept"),
        "gross_amount": sale.major,
        "currency": sale.currency,
    }
    if done:
        tree["refund_amount"] = major(sum(b.amount_minor for b in done), sale.currency)
        tree["refunds"] = [
            {
                "refund_chargeback_id": int(each.refund_id),
                "refund_amount": major(each.amount_minor, sale.currency),
                "reason": "12.50 \u00e9",
            }
            for each in done
        ]
    return tree
