"""Paddle Billing: `ts=<seconds>;h1=<hex>` over time, a colon and the body.

Documented at https://developer.paddle.com/webhooks/signature-verification. What is given back
comes as adjustments. A chargeback and its reversal are two of them, so the case that both are
about is named by its transaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain import signing
from domain.delivery import Setting
from domain.providers.card import Card
from domain.providers.timed_hmac import Stamp, TimedHmac, named_values, sole_time
from domain.providers.vocabulary import Claim, Says, Vocabulary
from domain.providers.wire_values import Unit

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    from domain.delivery import Delivery, Mode

_TAKEN = (
    Claim(Says.SUCCEEDED, "data.id", "data.details.totals.grand_total", "data.currency_code"),
)
_FAILED = (Claim(Says.FAILED, "data.id"),)


def _adjusted(says: Says, object_id: str, action: str, *statuses: str) -> Claim:
    is_it = (("data.action", (action,)), ("data.status", statuses))
    return Claim(
        says,
        object_id,
        "data.totals.total",
        "data.currency_code",
        "data.transaction_id",
        only_if=is_it if statuses else is_it[:1],
    )


_ADJUSTED = (
    _adjusted(Says.REFUND_PENDING, "data.id", "refund", "pending_approval"),
    _adjusted(Says.REFUND_SUCCEEDED, "data.id", "refund", "approved"),
    _adjusted(Says.REFUND_FAILED, "data.id", "refund", "rejected"),
    _adjusted(Says.DISPUTE_OPENED, "data.transaction_id", "chargeback", "approved"),
    _adjusted(Says.DISPUTE_WON, "data.transaction_id", "chargeback", "reversed"),
    _adjusted(Says.DISPUTE_WON, "data.transaction_id", "chargeback_reverse"),
)


class PaddleBilling(TimedHmac):
    """Notifications of one destination."""

    name = "paddle-billing"
    separator = b":"
    settings = (
        Setting(
            "TOLERANCE_S",
            f"1 to {signing.TOLERANCE_S}, the seconds that a delivery may be late",
            r"[1-9][0-9]?|[12][0-9]{2}|300",
            is_required=False,
        ),
    )
    card = Card(
        title="Paddle Billing",
        scheme="HMAC-SHA256 of `time:body`, hexadecimal, as `ts=…;h1=…` in `paddle-signature`",
        key="the destination's secret, whole, `pdl_ntfset_…`",
        retries="live: 60 tries within 3 days; sandbox: 3 within 15 min",
        sources=(
            "https://developer.paddle.com/webhooks/signature-verification",
            "https://github.com/PaddleHQ/paddle-python-sdk",
        ),
        doubts=("how often it tries", "how long it waits for an answer"),
        traps=(
            "Paddle's own libraries allow 5 s, too few behind a queue; TOLERANCE_S narrows our 300",
            "a chargeback is open until its reversal: that it is lost is told by nobody",
            "a warning of a chargeback takes no money and says nothing",
        ),
    )
    vocabulary = Vocabulary(
        type="event_type",
        key=("event_id",),
        reference=("data.custom_data.reference",),
        payment_id=("data.transaction_id", "data.id"),
        at="occurred_at",
        unit=Unit.MINOR_DIGITS,
        claims={
            "transaction.paid": _TAKEN,
            "transaction.completed": _TAKEN,
            "transaction.payment_failed": _FAILED,
            "transaction.canceled": _FAILED,
            "adjustment.created": _ADJUSTED,
            "adjustment.updated": _ADJUSTED,
        },
    )

    def configured(self, values: Mapping[str, str], mode: Mode | None) -> Self:
        """Return the dialect of one account, with its tolerance."""
        bound = super().configured(values, mode)
        bound.tolerance_s = int(values.get("TOLERANCE_S", signing.TOLERANCE_S))
        return bound

    def stamp(self, delivery: Delivery) -> Stamp:
        """Read `ts` and every `h1`: while a secret is changed there are several."""
        header = signing.required_header(delivery, b"paddle-signature")
        pairs = named_values(header, b";", header_name="paddle-signature")
        time = sole_time(pairs, b"ts", header_name="paddle-signature")
        return Stamp(time, [value for name, value in pairs if name == b"h1"])
