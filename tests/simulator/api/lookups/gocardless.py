"""GoCardless: payments, refunds and events."""

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
    WON,
)
from tests.simulator.api.lookups.desk import Asked, Desk, Said, bearer

if TYPE_CHECKING:
    from tests.simulator.api.lookups.book import Back, Sale

STATUSES = {PAID: "confirmed", OPEN: "submitted", FAILED: "failed"}
REFUNDS = {DONE: "paid", PENDING: "submitted", BROKEN: "bounced"}
CONTESTS = {
    CONTESTED: ["charged_back"],
    LOST: ["chargeback_settled", "charged_back"],
    WON: ["chargeback_cancelled", "charged_back"],
}


class GoCardless(Desk):
    """Amounts are in pence."""

    slug = "gocardless"
    settings: ClassVar = {"API_KEY": "sandbox_SimulatedGoCardlessToken012345"}
    object_id = "PM000{:05}"
    currency = "GBP"

    def is_let_in(self, asked: Asked) -> bool:
        is_version = asked.headers.get("gocardless-version") == "2015-07-06"
        return bearer(asked) == self.key and is_version

    def answer(self, asked: Asked) -> Said | None:
        sale = self.book.sales.get(asked.query.get("payment", ""))
        match asked.path:
            case ("payments", name) if name in self.book.sales:
                return 200, {"payments": _payment(self.book.sales[name])}
            case ("refunds", name) if found := self.book.back(name):
                return 200, {"refunds": _refund(*found)}
            case ("refunds",):
                return 200, _list("refunds", [_refund(sale, b) for b in sale.backs] if sale else [])
            case ("events",):
                return 200, _list("events", _events(sale) if sale else [])
        return None


def _payment(sale: Sale) -> dict[str, Any]:
    status = STATUSES.get(sale.status, sale.status)
    if sale.contest in (CONTESTED, LOST):
        status = "charged_back"
    return {
        "id": sale.object_id,
        "created_at": "2026-01-01T00:00:00.000Z",
        "amount": sale.amount_minor,
        "amount_refunded": 0,
        "currency": sale.currency,
        "description": "12.50 \u00e9",
        "status": status,
        "metadata": {} if sale.reference is None else {"reference": sale.reference},
        "links": {"mandate": "MD123"},
    }


def _refund(sale: Sale, back: Back) -> dict[str, Any]:
    return {
        "id": back.refund_id,
        "amount": back.amount_minor,
        "currency": sale.currency,
        "status": REFUNDS[back.status],
        "metadata": {},
        "links": {"payment": sale.object_id},
    }


def _events(sale: Sale) -> list[dict[str, Any]]:
    """Return the payment's history, newest first."""
    actions = ["submitted", "created"]
    if sale.status == PAID or "late" in sale.more:
        actions.insert(0, "confirmed")
    if sale.status == FAILED:
        actions.insert(0, "failed")
    if "retried" in sale.more:
        actions = ["confirmed", "resubmission_requested", "failed", *actions]
    actions = CONTESTS.get(sale.contest, []) + actions
    return [
        {
            "id": f"EV{number}",
            "resource_type": "payments",
            "action": action,
            "links": {"payment": sale.object_id},
        }
        for number, action in enumerate(actions)
    ]


def _list(name: str, items: list[dict[str, Any]]) -> dict[str, Any]:
    return {name: items, "meta": {"cursors": {"before": None, "after": None}, "limit": 500}}
