"""Square: one base64 header over the endpoint's address and the body.

Documented at https://developer.squareup.com/docs/webhooks/step3validate. The address is the one
that was registered with Square, to the letter, so it is a setting and never what a proxy says.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from domain.delivery import Setting
from domain.providers.body_hmac import BodyHmac
from domain.providers.card import Card
from domain.providers.vocabulary import Claim, Says, Vocabulary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.delivery import Delivery, Secret

_PAYMENT = "data.object.payment"
_REFUND = "data.object.refund"
_DISPUTE = "data.object.dispute"


def _said(says: Says, about: str, status: str, texts: tuple[str, ...], capture: str = "") -> Claim:
    return Claim(
        says,
        f"{about}.id",
        f"{about}.amount_money.amount",
        f"{about}.amount_money.currency",
        f"{about}.{capture}" if capture else "",
        only_if=((f"{about}.{status}", texts),),
    )


def _disputed(says: Says, *states: str) -> Claim:
    return _said(says, _DISPUTE, "state", states, "disputed_payment.payment_id")


_PAYMENTS = (
    _said(Says.SUCCEEDED, _PAYMENT, "status", ("COMPLETED",)),
    _said(Says.FAILED, _PAYMENT, "status", ("FAILED", "CANCELED")),
)
_REFUNDS = (
    _said(Says.REFUND_PENDING, _REFUND, "status", ("PENDING",), "payment_id"),
    _said(Says.REFUND_SUCCEEDED, _REFUND, "status", ("COMPLETED",), "payment_id"),
    _said(Says.REFUND_FAILED, _REFUND, "status", ("FAILED", "REJECTED"), "payment_id"),
)
_DISPUTES = (
    _disputed(Says.DISPUTE_OPENED, "EVIDENCE_REQUIRED", "PROCESSING", "WAITING_THIRD_PARTY"),
    _disputed(Says.DISPUTE_WON, "WON"),
    _disputed(Says.DISPUTE_LOST, "LOST", "ACCEPTED"),
)


class Square(BodyHmac):
    """Events of one webhook subscription."""

    name = "square"
    header = b"x-square-hmacsha256-signature"
    algorithm = "sha256"
    encoding = "base64"
    settings = (
        Setting(
            "ENDPOINT_URL",
            "the address of this webhook, https://…, exactly as it is registered with Square",
            r"https://[!-~]{1,500}",
        ),
    )
    card = Card(
        title="Square",
        scheme="HMAC-SHA256 of the registered address and the body with nothing between them,"
        " base64, in `x-square-hmacsha256-signature`",
        key="the signature key of the webhook subscription",
        retries="11 tries within 24 h; a subscription that fails for long is disabled",
        sources=(
            "https://developer.squareup.com/docs/webhooks/step3validate",
            "https://github.com/square/square-python-sdk",
        ),
        doubts=("how often it tries, and for how long",),
        traps=(
            "no time is signed: a captured request can be sent again; it changes nothing",
            "the address is the one that is registered, whatever a proxy says of the host",
            "the SHA-1 header `x-square-signature` is not accepted",
            "an approved payment is not taken yet; only a completed one is money",
            "tips are not in `amount_money`, which is what counts here",
        ),
    )
    vocabulary = Vocabulary(
        type="type",
        key=("event_id",),
        reference=(f"{_PAYMENT}.reference_id",),
        payment_id=(
            f"{_PAYMENT}.id",
            f"{_REFUND}.payment_id",
            f"{_DISPUTE}.disputed_payment.payment_id",
        ),
        at="created_at",
        claims={
            "payment.created": _PAYMENTS,
            "payment.updated": _PAYMENTS,
            "refund.created": _REFUNDS,
            "refund.updated": _REFUNDS,
            "dispute.created": _DISPUTES,
            "dispute.state.updated": _DISPUTES,
        },
    )

    def authenticate(self, delivery: Delivery, secrets: Sequence[Secret]) -> str:
        """Compare the header with the code of address and body.

        Without an account's setting, as when a delivery is checked offline, the address is the one
        that the delivery came with.
        """
        url = self.values.get("ENDPOINT_URL", delivery.url).encode()
        return super().authenticate(replace(delivery, body=url + delivery.body), secrets)
