"""Stripe's desk: snapshot events; one capture is told by its intent and by its charge."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tests.simulator.books import DisputeStatus, RefundStatus
from tests.simulator.desk import Desk
from tests.simulator.notice import Notice

if TYPE_CHECKING:
    from tests.simulator.books import Capture, Dispute, Refund, Sale

API_VERSION = "2025-06-30.basil"
WITH_TWO_DECIMALS = frozenset({"ISK", "UGX"})
WIRE_FACTOR = 100
"""Stripe multiplies amounts of these currencies by this, although they have no decimals."""

PENDING_FIRST = b'\n  "pending_webhooks": 2,'
PENDING_AGAIN = b'\n  "pending_webhooks": 1,'
"""What differs in later deliveries. No text within an event holds a line break as it is."""


class StripeDesk(Desk):
    """One endpoint in test mode."""

    name = "stripe"

    def begin(self, sale: Sale) -> list[Notice]:
        """Tell that there is an intent."""
        status = {"status": "requires_payment_method", "amount_received": 0}
        return [self._event("payment_intent.created", intent_of(sale, sale.provider_id) | status)]

    def fail(self, sale: Sale) -> list[Notice]:
        """Tell that the card was declined; the intent lives on."""
        refused = {
            "status": "requires_payment_method",
            "last_payment_error": {"code": "card_declined", "decline_code": "generic_decline"},
        }
        failed = intent_of(sale, sale.provider_id) | refused
        return [self._event("payment_intent.payment_failed", failed)]

    def expire(self, sale: Sale, page: str, *, attempted: bool) -> list[Notice]:
        """Tell that the session is over; without an attempt there never was an intent."""
        about = {
            "id": page,
            "object": "checkout.session",
            "amount_total": wire(sale.amount_minor, sale.currency),
            "client_reference_id": sale.reference,
            "currency": sale.currency.lower(),
            "metadata": _metadata(sale),
            "mode": "payment",
            "payment_intent": sale.provider_id if attempted else None,
            "payment_status": "unpaid",
            "status": "expired",
        }
        return [self._event("checkout.session.expired", about)]

    def chatter(self, sale: Sale) -> list[Notice]:
        """Tell that a customer's record changed."""
        about = {"id": f"cus_{sale.customer_id}", "object": "customer", "metadata": {}}
        return [self._event("customer.updated", about)]

    def claim(self, capture: Capture, *, amount_minor: int, live: bool = False) -> Notice:
        """Tell of the same intent with another amount, under the id of its first event."""
        claimed = paid_intent_of(capture, amount_minor)
        first_id = f"evt_{capture.capture_id}"
        told = self._event("payment_intent.succeeded", claimed, live=live, event_id=first_id)
        return replace(told, body_again=None)

    def _tell_capture(self, capture: Capture) -> list[Notice]:
        first_id = f"evt_{capture.capture_id}"
        intent = paid_intent_of(capture, capture.amount_minor)
        return [
            self._event("charge.succeeded", charge_of(capture)),
            self._event("payment_intent.succeeded", intent, event_id=first_id),
        ]

    def _tell_refund(self, refund: Refund) -> list[Notice]:
        """The charge tells the sum of all refunds, the refund only of itself."""
        about = refund_of(refund)
        if refund.status is RefundStatus.PENDING:
            return [self._event("refund.created", about)]
        if refund.status is RefundStatus.FAILED:
            return [self._event("refund.failed", about)]
        return [
            self._event("refund.updated", about),
            self._event("charge.refunded", charge_of(refund.capture)),
        ]

    def _tell_dispute(self, dispute: Dispute) -> list[Notice]:
        statuses = {DisputeStatus.WON: "won", DisputeStatus.LOST: "lost"}
        capture = dispute.capture
        about = {
            "id": dispute.dispute_id,
            "object": "dispute",
            "amount": wire(dispute.amount_minor, capture.currency),
            "currency": capture.currency.lower(),
            "charge": charge_id(capture),
            "payment_intent": capture.capture_id,
            "status": statuses.get(dispute.status, "needs_response"),
            "reason": "fraudulent",
            "livemode": False,
            "metadata": {},
        }
        is_open = dispute.status is DisputeStatus.OPEN
        return [self._event(f"charge.dispute.{'created' if is_open else 'closed'}", about)]

    def _event(
        self, type_: str, about: dict[str, Any], *, live: bool = False, event_id: str | None = None
    ) -> Notice:
        """Later deliveries differ in `pending_webhooks`, which claims nothing."""
        event_id = event_id or self._id("evt")
        tree = {
            "id": event_id,
            "object": "event",
            "api_version": API_VERSION,
            "created": int(self._time().timestamp()),
            "data": {"object": about | {"livemode": live}},
            "livemode": live,
            "pending_webhooks": 2,
            "request": {"id": None, "idempotency_key": None},
            "type": type_,
        }
        body = _pretty(tree)
        return Notice(self.name, type_, event_id, body, body.replace(PENDING_FIRST, PENDING_AGAIN))


def wire(amount_minor: int, currency: str) -> int:
    """Return the integer by which Stripe writes an amount."""
    return amount_minor * WIRE_FACTOR if currency in WITH_TWO_DECIMALS else amount_minor


def _pretty(tree: dict[str, Any]) -> bytes:
    """Stripe indents by two; whoever reads and writes it again changes the bytes."""
    return json.dumps(tree, indent=2).encode()


def intent_of(sale: Sale, intent_id: str) -> dict[str, Any]:
    return {
        "id": intent_id,
        "object": "payment_intent",
        "amount": wire(sale.amount_minor, sale.currency),
        "currency": sale.currency.lower(),
        "customer": f"cus_{sale.customer_id}",
        "latest_charge": None,
        "metadata": _metadata(sale),
        "payment_method_types": ["card"],
    }


def paid_intent_of(capture: Capture, amount_minor: int) -> dict[str, Any]:
    amount = wire(amount_minor, capture.currency)
    return intent_of(capture.sale, capture.capture_id) | {
        "status": "succeeded",
        "amount": amount,
        "amount_received": amount,
        "currency": capture.currency.lower(),
        "latest_charge": charge_id(capture),
    }


def charge_of(capture: Capture) -> dict[str, Any]:
    amount = wire(capture.amount_minor, capture.currency)
    return {
        "id": charge_id(capture),
        "object": "charge",
        "amount": amount,
        "amount_captured": amount,
        "amount_refunded": wire(capture.refunded_minor, capture.currency),
        "captured": True,
        "currency": capture.currency.lower(),
        "customer": f"cus_{capture.sale.customer_id}",
        "metadata": _metadata(capture.sale),
        "paid": True,
        "payment_intent": capture.capture_id,
        "payment_method_details": {
            "card": {"brand": "visa", "last4": "4242", "country": "US", "network": "visa"},
            "type": "card",
        },
        "refunded": capture.refunded_minor == capture.amount_minor,
        "status": "succeeded",
    }


def refund_of(refund: Refund) -> dict[str, Any]:
    capture = refund.capture
    return {
        "id": refund.refund_id,
        "object": "refund",
        "amount": wire(refund.amount_minor, capture.currency),
        "charge": charge_id(capture),
        "currency": capture.currency.lower(),
        "metadata": dict(refund.metadata),
        "payment_intent": capture.capture_id,
        "reason": "requested_by_customer",
        "status": str(refund.status),
    }


def _metadata(sale: Sale) -> dict[str, Any]:
    return {"reference": sale.reference} if sale.metadata is None else dict(sale.metadata)


def charge_id(capture: Capture) -> str:
    return capture.capture_id.replace("pi_", "ch_")
