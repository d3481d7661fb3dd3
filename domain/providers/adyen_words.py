"""Adyen's words: what each kind of item says, read from its signed fields alone."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from domain.money import EXPONENTS
from domain.providers.vocabulary import Claim, Says, Vocabulary

if TYPE_CHECKING:
    from collections.abc import Mapping

DECIMALS: Mapping[str, int] = MappingProxyType(
    {**EXPONENTS, "CLP": 2, "CVE": 0, "IDR": 0, "ISK": 2}
)
"""Where Adyen's table of currencies differs from ISO 4217, its own table counts."""

TO_ASK = frozenset(
    {
        ("CAPTURE", "false"),
        ("CAPTURE_FAILED", "true"),
        ("CANCELLATION", "true"),
        ("CANCEL_OR_REFUND", "true"),
        ("EXPIRE", "true"),
    }
)
"""Kinds and successes that may take back what an AUTHORISATION said, for which there is no word."""


def _claim(says: Says, success: str) -> Claim:
    return Claim(
        says,
        "pspReference",
        "amount.value",
        "amount.currency",
        "originalReference",
        only_if=(("success", (success,)),),
    )


def _payment(says: Says, success: str, about: str = "pspReference") -> Claim:
    return Claim(says, about, "amount.value", "amount.currency", only_if=(("success", (success,)),))


VOCABULARY = Vocabulary(
    type="eventCode",
    key=("eventCode", "pspReference", "success"),
    reference=("merchantReference",),
    payment_id=("originalReference", "pspReference"),
    decimals=DECIMALS,
    claims={
        "AUTHORISATION": (_payment(Says.SUCCEEDED, "true"), _payment(Says.FAILED, "false")),
        "CAPTURE": (_payment(Says.SUCCEEDED, "true", "originalReference"),),
        "REFUND": (_claim(Says.REFUND_SUCCEEDED, "true"), _claim(Says.REFUND_FAILED, "false")),
        "REFUND_FAILED": (_claim(Says.REFUND_FAILED, "true"),),
        "REFUNDED_REVERSED": (_claim(Says.REFUND_FAILED, "true"),),
        "NOTIFICATION_OF_CHARGEBACK": (_claim(Says.DISPUTE_OPENED, "true"),),
        "CHARGEBACK": (_claim(Says.DISPUTE_OPENED, "true"),),
        "CHARGEBACK_REVERSED": (_claim(Says.DISPUTE_WON, "true"),),
        "PREARBITRATION_WON": (_claim(Says.DISPUTE_WON, "true"),),
        "SECOND_CHARGEBACK": (_claim(Says.DISPUTE_LOST, "true"),),
        "PREARBITRATION_LOST": (_claim(Says.DISPUTE_LOST, "true"),),
    },
)
"""A capture is told as the payment that it belongs to: its whole amount is the same fact again."""
