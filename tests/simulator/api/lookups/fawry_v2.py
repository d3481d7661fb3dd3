"""Fawry: an order by the merchant's reference, with a hash that shows who asks."""

from __future__ import annotations

import hashlib
from typing import ClassVar

from tests.simulator.api.lookups.book import FAILED, OPEN, PAID, major, number
from tests.simulator.api.lookups.desk import Asked, Desk, Said

STATUSES = {PAID: "PAID", OPEN: "UNPAID", FAILED: "EXPIRED"}
FEE_MINOR = 200


class Fawry(Desk):
    """The customer pays a fee on top of the order."""

    slug = "fawry-v2"
    settings: ClassVar = {
        "MODE": "test",
        "API_KEY": "simulated-secure-key-01",
        "MERCHANT_CODE": "siYxylRjSPx+Mv6El3ZP+Q==",
    }
    object_id = "9634{:05}"
    currency = "EGP"

    def is_let_in(self, asked: Asked) -> bool:
        merchant, reference = self.settings["MERCHANT_CODE"], asked.query.get("merchantRefNumber")
        signed = hashlib.sha256(f"{merchant}{reference}{self.key}".encode()).hexdigest()
        return asked.query.get("signature") == signed and asked.query["merchantCode"] == merchant

    def answer(self, asked: Asked) -> Said | None:
        if asked.path != ("ECommerceWeb", "Fawry", "payments", "status", "v2"):
            return None
        sales = self.book.of(asked.query["merchantRefNumber"])
        if not sales:
            return self.missing()
        sale = sales[0]
        status = STATUSES.get(sale.status, sale.status)
        if sale.backs:
            status = "REFUNDED" if sale.is_given_back else "PARTIAL_REFUNDED"
        return 200, {
            "type": "PaymentStatusResponse",
            "fawryRefNumber": sale.object_id,
            "merchantRefNumber": sale.more.get("told_reference", sale.reference),
            "orderAmount": number(sale.major),
            "paymentAmount": number(major(sale.amount_minor + FEE_MINOR, sale.currency)),
            "fawryFees": number(major(FEE_MINOR, sale.currency)),
            "orderStatus": status,
            "paymentMethod": "PAYATFAWRY",
            "statusCode": 200,
            "statusDescription": "12.50 \u00e9",
        }
