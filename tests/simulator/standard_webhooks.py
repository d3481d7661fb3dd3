"""A source of one's own: signs as Standard Webhooks says, speaks the vocabulary we document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.simulator.books import DisputeStatus, RefundStatus
from tests.simulator.desk import Desk, iso
from tests.simulator.notice import Notice, encoded

if TYPE_CHECKING:
    from tests.simulator.books import Capture, Dispute, Refund, Sale

FEE_PER_THOUSAND = 20


class StandardWebhooksDesk(Desk):
    """A bank next door, in test mode."""

    name = "standard-webhooks"

    def begin(self, sale: Sale) -> list[Notice]:
        """Tell that the payment is known."""
        return [self._message("payment.initialized", sale, {"id": sale.provider_id})]

    def fail(self, sale: Sale) -> list[Notice]:
        """Tell that a try failed."""
        return [self._message("payment.failed", sale, {"id": f"{sale.provider_id}_0"})]

    def chatter(self, sale: Sale) -> list[Notice]:
        """Tell that money will be paid out."""
        return [self._message("payout.scheduled", sale, {"id": self._id("po")})]

    def claim(self, capture: Capture, *, amount_minor: int, live: bool = False) -> Notice:
        """Tell of the same payment with another amount, in the message that told of it first."""
        data = _money(capture.capture_id, amount_minor, capture) | {"livemode": live}
        first_id = f"msg_{capture.capture_id}"
        return self._message("payment.succeeded", capture.sale, data, message_id=first_id)

    def _tell_capture(self, capture: Capture) -> list[Notice]:
        data = _money(capture.capture_id, capture.amount_minor, capture)
        if capture.fee_minor:
            data["fee_minor"] = capture.fee_minor
        first_id = f"msg_{capture.capture_id}"
        return [self._message("payment.succeeded", capture.sale, data, message_id=first_id)]

    def _tell_refund(self, refund: Refund) -> list[Notice]:
        data = _money(refund.refund_id, refund.amount_minor, refund.capture)
        about = data | {"payment_id": refund.capture.capture_id}
        status = "pending" if refund.status is RefundStatus.PENDING else str(refund.status)
        return [self._message(f"refund.{status}", refund.capture.sale, about)]

    def _tell_dispute(self, dispute: Dispute) -> list[Notice]:
        data = _money(dispute.dispute_id, dispute.amount_minor, dispute.capture)
        about = data | {"payment_id": dispute.capture.capture_id}
        status = "opened" if dispute.status is DisputeStatus.OPEN else str(dispute.status)
        return [self._message(f"dispute.{status}", dispute.capture.sale, about)]

    def _message(
        self, type_: str, sale: Sale, data: dict[str, Any], *, message_id: str | None = None
    ) -> Notice:
        tree = {
            "type": type_,
            "timestamp": iso(self._time()),
            "data": {"reference": sale.reference, "livemode": False} | data,
        }
        return Notice(self.name, type_, message_id or self._id("msg"), encoded(tree))

    def _fee_minor(self, amount_minor: int, currency: str) -> int:  # noqa: ARG002 - one rate for all
        return amount_minor * FEE_PER_THOUSAND // 1000


def _money(object_id: str, amount_minor: int, capture: Capture) -> dict[str, Any]:
    return {"id": object_id, "amount_minor": amount_minor, "currency": capture.currency}
