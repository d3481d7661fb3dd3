"""Interswitch: a transaction by merchant code, reference and amount."""

from __future__ import annotations

from typing import ClassVar

from tests.simulator.api.lookups.book import FAILED, OPEN, PAID
from tests.simulator.api.lookups.desk import Asked, Desk, Said

CODES = {PAID: "00", OPEN: "09", FAILED: "51"}


class Interswitch(Desk):
    """Whoever asks with another amount is told of none."""

    slug = "interswitch"
    settings: ClassVar = {"API_KEY": "MX12345", "MODE": "test"}
    object_id = "FBN|WEB|MX12345|010126|{:05}|ABC"
    currency = "NGN"

    def is_let_in(self, asked: Asked) -> bool:
        return asked.query.get("merchantcode") == self.key

    def answer(self, asked: Asked) -> Said | None:
        if asked.path != ("collections", "api", "v1", "gettransaction.json"):
            return None
        sales = self.book.of(asked.query.get("transactionreference"))
        if not sales:
            return 200, {"ResponseCode": "Z25", "ResponseDescription": "Transaction not found"}
        sale = sales[0]
        if asked.query.get("amount") != str(sale.amount_minor) and "tampered" not in sale.more:
            return 200, {"ResponseCode": "Z5", "MerchantReference": sale.reference, "Amount": 0}
        return 200, {
            "Amount": sale.amount_minor,
            "MerchantReference": sale.more.get("told_reference", sale.reference),
            "PaymentReference": "" if "unnamed" in sale.more else sale.object_id,
            "TransactionDate": "2026-01-01T00:00:00",
            "ResponseCode": CODES.get(sale.status, sale.status),
            "ResponseDescription": "12.50 \u00e9",
        }
