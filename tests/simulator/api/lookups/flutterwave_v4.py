"""Flutterwave v4: charges and refunds, behind a token that another host gives."""

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
from tests.simulator.api.lookups.desk import Asked, Desk, Said

if TYPE_CHECKING:
    from tests.simulator.api.lookups.book import Back, Sale

STATUSES = {PAID: "succeeded", OPEN: "pending", FAILED: "failed"}
REFUNDS = {DONE: "succeeded", PENDING: "new", BROKEN: "failed"}


class FlutterwaveV4(Desk):
    """Amounts are JSON numbers of major units."""

    slug = "flutterwave-v4"
    settings: ClassVar = {
        "API_KEY": "SimulatedClientSecret0123456789",
        "CLIENT_ID": "simulated-client-0123",
        "MODE": "test",
    }
    object_id = "chg_sim{:05}"
    currency = "NGN"
    has_tokens_elsewhere = True

    def token(self, asked: Asked) -> Said | None:
        if asked.path[-1] != "token":
            return None
        form = asked.form
        if (form["client_id"], form["client_secret"]) != (self.settings["CLIENT_ID"], self.key):
            return 401, {"error": "invalid_client"}
        return 200, {"access_token": self.new_token(), "expires_in": self.token_lives_s}

    def is_let_in(self, asked: Asked) -> bool:
        return self.has_token(asked)

    def answer(self, asked: Asked) -> Said | None:
        match asked.path:
            case ("charges",):
                found = self.book.of(asked.query["reference"])
                return 200, {"status": "success", "data": [_charge(each) for each in found]}
            case ("charges", name) if name in self.book.sales:
                return 200, {"status": "success", "data": _charge(self.book.sales[name])}
            case ("refunds", name) if found_back := self.book.back(name):
                return 200, {"status": "success", "data": _refund(*found_back)}
            case ("refunds",):
                refunds = [_refund(s, b) for s in self.book.sales.values() for b in s.backs]
                return 200, {"status": "success", "data": refunds}
        return None


def _charge(sale: Sale) -> dict[str, Any]:
    return {
        "id": sale.object_id,
        "reference": sale.reference,
        "amount": number(sale.major),
        "currency": sale.currency,
        "description": "12.50 \u00e9",
        "status": STATUSES.get(sale.status, sale.status),
        "refunded": bool(sale.backs),
    }


def _refund(sale: Sale, back: Back) -> dict[str, Any]:
    return {
        "id": back.refund_id,
        "charge_id": sale.object_id,
        "amount_refunded": number(major(back.amount_minor, sale.currency)),
        "status": REFUNDS[back.status],
    }
