"""Fawry, notifications of version 2: a SHA-256 over seven fields, amounts with two decimals.

Documented at https://developer.fawrystaging.com/docs/server-apis/server-notifications-v2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.delivery import Hearsay
from domain.errors import AmountInvalid, PayloadInvalid, SignatureInvalid
from domain.money import from_major
from domain.providers.card import Card
from domain.providers.field_hash import FieldHash
from domain.providers.wire_values import plain_decimal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.delivery import Delivery
    from domain.providers.paths import Json
    from domain.providers.trust import Claimed

CURRENCY = "EGP"
"""Of every amount; none is sent."""

_BEFORE = ("fawryRefNumber", "merchantRefNumber")
_AMOUNTS = ("paymentAmount", "orderAmount")
_AFTER = ("orderStatus", "paymentMethod", "paymentRefrenceNumber")
"""The last one is spelled so by Fawry."""


class FawryV2(FieldHash):
    """Notices about the orders of one merchant."""

    name = "fawry-v2"
    algorithm = "sha256"
    code_field = "messageSignature"
    card = Card(
        title="Fawry (notifications V2)",
        scheme="SHA-256 of seven fields and the key, end to end, hexadecimal, as"
        " `messageSignature` in the body; both amounts with two decimals",
        key="the merchant's secure key",
        retries="not documented",
        covers="fields",
        refetch="required",
        confidence="medium",
        sources=("https://developer.fawrystaging.com/docs/server-apis/server-notifications-v2",),
        doubts=(
            "whether and when it is retried",
            "what `paymentTime` is",
        ),
        traps=(
            "an amount may be written 152 or 152.5 and is hashed as 152.00 or 152.50",
            "the last field hashed is spelled `paymentRefrenceNumber`, and empty until it is paid",
        ),
    )

    def signed_text(self, tree: dict[str, Any]) -> str:
        """Return the seven fields, an absent one as nothing."""
        texts = [_text(tree.get(name)) for name in _BEFORE]
        amounts = [_two_decimals(tree.get(name)) for name in _AMOUNTS]
        return "".join(texts + amounts + [_text(tree.get(name)) for name in _AFTER])

    def key_parts(self, delivery: Delivery, tree: dict[str, Any]) -> Sequence[object]:
        """Name the event by what is hashed, a refund in part by its second too.

        Two such refunds may be alike in all that is hashed; asked twice is better than unheard.
        """
        status = tree.get("orderStatus")
        amount = _two_decimals(tree.get("paymentAmount")) or "none"
        parts = (tree.get("fawryRefNumber"), status, amount)
        return (*parts, delivery.received_at_s) if status == "PARTIAL_REFUNDED" else parts

    def hear(self, claimed: Claimed) -> Hearsay:
        """Have the order asked about, whatever is said to have become of it."""
        return Hearsay(
            claimed.type_name("orderStatus", otherwise="notification"),
            claimed.hint("merchantRefNumber"),
            claimed.hint("fawryRefNumber"),
        )


def _text(value: Json) -> str:
    if value is None:
        return ""
    if isinstance(value, str) or type(value) is int:
        return str(value)
    raise SignatureInvalid("one of the fields that are hashed is no text")


def _two_decimals(value: Json) -> str:
    """Return the amount as it was hashed; the signature of one finer than a piastre is none."""
    if value is None:
        return ""
    try:
        amount_minor = from_major(plain_decimal(value), CURRENCY).amount_minor
    except (AmountInvalid, PayloadInvalid):
        raise SignatureInvalid("an amount that is hashed is none") from None
    return f"{amount_minor // 100}.{amount_minor % 100:02}"
