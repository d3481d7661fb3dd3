"""Mercado Pago: payments with their refunds, by id or found by the merchant's reference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from tests.simulator.api.lookups.book import (
    BROKEN,
    CONTESTED,
    DONE,
    FAILED,
    LOST,
    OPEN,
    PAID,
    PENDING,
    major,
    number,
)
from tests.simulator.api.lookups.desk import Asked, Desk, Said, bearer

if TYPE_CHECKING:
    from tests.simulator.api.lookups.book import Sale

STATUSES = {PAID: "approved", OPEN: "in_process", FAILED: "rejected"}
REFUNDS = {DONE: "approved", PENDING: "in_process", BROKEN: "rejected"}


class MercadoPago(Desk):
    """Amounts are JSON numbers of major units."""

    slug = "mercado-pago"
    settings: ClassVar = {"API_KEY": "TEST-0123456789-simulated-token"}
    object_id = "13{:08}"
    currency = "BRL"

    def is_let_in(self, asked: Asked) -> bool:
        return bearer(asked) == self.key

    def answer(self, asked: Asked) -> Said | None:
        match asked.path:
            case ("v1", "payments", "search"):
                found = self.book.of(asked.query["external_reference"])
                return 200, {"paging": {}, "results": [_payment(each) for each in found]}
            case ("v1", "payments", name) if name in self.book.sales:
                return 200, _payment(self.book.sales[name])
        return None


def _payment(sale: Sale) -> dict[str, Any]:
    done = sum(each.amount_minor for each in sale.backs if each.status == DONE)
    status = "refunded" if sale.is_given_back else STATUSES.get(sale.status, sale.status)
    detail = "accredited"
    if sale.contest:
        status, detail = "charged_back", "settled" if sale.contest == LOST else "reimbursed"
    if sale.contest == CONTESTED:
        status = "in_mediation"
    return {
        "id": int(sale.object_id),
        "status": status,
        "status_detail": detail,
        "external_reference": sale.reference,
        "transaction_amount": number(sale.major),
        "transaction_amount_refunded": number(major(done, sale.currency)),
        "currency_id": sale.currency,
        "description": "12.50 \u00e9",
        "live_mode": False,
        "refunds": [
            {
                "id": int(each.refund_id),
                "payment_id": int(sale.object_id),
                "amount": number(major(each.amount_minor, sale.currency)),
                "status": REFUNDS[each.status],
            }
            for each in ([] if "unlisted" in sale.more else sale.backs)
        ],
    }
