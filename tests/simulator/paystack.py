"""Paystack's desk: events without an id, amounts in hundredths even where there are none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.simulator.books import DisputeStatus, RefundStatus
from tests.simulator.desk import Desk, iso
from tests.simulator.notice import Notice, encoded

if TYPE_CHECKING:
    from tests.simulator.books import Capture, Dispute, Refund, Sale

WITHOUT_SUBUNIT = frozenset({"XOF"})
WIRE_FACTOR = 100
"""Paystack multiplies amounts of a currency without a subunit by this."""

FEE_PER_THOUSAND = 15
FEE_MINOR_MAX = 200_000
"""1.5 %, at most 2,000.00: what Paystack takes of a local card."""


class PaystackDesk(Desk):
    """One integration in test mode."""

    name = "paystack"
    tells_of_failures = False

    def begin(self, sale: Sale) -> list[Notice]:
        """Say nothing: Paystack is silent until there is money."""
        del sale
        return []

    def fail(self, sale: Sale) -> list[Notice]:
        """Say nothing: there is no event for a failed charge."""
        del sale
        return []

    def chatter(self, sale: Sale) -> list[Notice]:
        """Tell that a customer's identity was checked."""
        data = {
            "customer_id": sale.customer_id,
            "customer_code": f"CUS_{sale.customer_id}",
            "identification": {"country": "NG", "type": "bvn", "value": "200*****677"},
        }
        return [self._notice("customeridentification.success", data)]

    def claim(self, capture: Capture, *, amount_minor: int, live: bool = False) -> Notice:
        """Tell of the same transaction with another amount, or from the other world."""
        return self._notice(
            "charge.success", self._charge(capture, amount_minor, domain="live" if live else "test")
        )

    def _tell_capture(self, capture: Capture) -> list[Notice]:
        return [self._notice("charge.success", self._charge(capture, capture.amount_minor))]

    def _tell_refund(self, refund: Refund) -> list[Notice]:
        """A refund has no reference until the processor has taken it up."""
        capture = refund.capture
        told = {RefundStatus.SUCCEEDED: "processed", RefundStatus.FAILED: "failed"}
        status = told.get(refund.status, "pending")
        data = {
            "status": status,
            "transaction_reference": capture.sale.reference,
            "refund_reference": None if status == "pending" else _digits(refund.refund_id),
            "amount": str(wire(refund.amount_minor, capture.currency)),
            "currency": capture.currency,
            "processor": "instant-transfer",
            "customer": {"first_name": "Ada", "last_name": "Obi", "email": _email(capture.sale)},
            "integration": 412829,
            "domain": "test",
        }
        return [self._notice(f"refund.{status}", data)]

    def _tell_dispute(self, dispute: Dispute) -> list[Notice]:
        capture = dispute.capture
        is_open = dispute.status is DisputeStatus.OPEN
        resolution = {DisputeStatus.WON: "declined", DisputeStatus.LOST: "merchant-accepted"}
        data = {
            "id": int(_digits(dispute.dispute_id)),
            "refund_amount": wire(dispute.amount_minor, capture.currency),
            "currency": capture.currency,
            "status": "awaiting-merchant-feedback" if is_open else "resolved",
            "resolution": resolution.get(dispute.status),
            "domain": "test",
            "transaction": self._charge(capture, capture.amount_minor),
            "transaction_reference": None,
            "category": "chargeback",
            "customer": {"email": _email(capture.sale)},
            "bin": "408408",
            "last4": "4081",
            "dueAt": iso(self._time()),
            "resolvedAt": None if is_open else iso(self._time()),
            "evidence": None,
            "history": [{"status": "pending", "by": _email(capture.sale)}],
        }
        return [self._notice(f"charge.dispute.{'create' if is_open else 'resolve'}", data)]

    def _charge(
        self, capture: Capture, amount_minor: int, *, domain: str = "test"
    ) -> dict[str, Any]:
        sale = capture.sale
        at = iso(self._time())
        return {
            "id": int(_digits(capture.capture_id)),
            "domain": domain,
            "status": "success",
            "reference": sale.reference,
            "amount": wire(amount_minor, capture.currency),
            "message": None,
            "gateway_response": "Approved by Financial Institution",
            "paid_at": at,
            "created_at": at,
            "channel": "card",
            "currency": capture.currency,
            "ip_address": "192.0.2.17",
            "metadata": _metadata(sale),
            "log": None,
            "fees": wire(capture.fee_minor, capture.currency),
            "fees_split": None,
            "authorization": {
                "authorization_code": f"AUTH_{_digits(capture.capture_id)}",
                "bin": "408408",
                "last4": "4081",
                "exp_month": "12",
                "exp_year": "2030",
                "channel": "card",
                "card_type": "visa ",
                "bank": "TEST BANK",
                "country_code": "NG",
                "brand": "visa",
                "reusable": True,
            },
            "customer": {"id": 82796315, "email": _email(sale), "risk_action": "default"},
            "plan": {},
            "order_id": None,
        }

    def _notice(self, event: str, data: dict[str, Any]) -> Notice:
        return Notice(self.name, event, "", encoded({"event": event, "data": data}))

    def _fee_minor(self, amount_minor: int, currency: str) -> int:  # noqa: ARG002 - one rate for all
        return min(amount_minor * FEE_PER_THOUSAND // 1000, FEE_MINOR_MAX)


def wire(amount_minor: int, currency: str) -> int:
    """Return the integer by which Paystack writes an amount."""
    return amount_minor * WIRE_FACTOR if currency in WITHOUT_SUBUNIT else amount_minor


def _digits(object_id: str) -> str:
    return str(int(object_id.rpartition("_")[2], 16))


def _metadata(sale: Sale) -> Any:
    if sale.metadata is not None:
        return dict(sale.metadata) or ""
    return {"customer_id": sale.customer_id, "note": "crédit SMS · ₦"}


def _email(sale: Sale) -> str:
    return sale.email or f"{sale.customer_id}@customers.example"
