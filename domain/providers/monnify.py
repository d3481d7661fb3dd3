"""Monnify: HMAC-SHA512 of the body; events have no id, and refunds no currency.

Documented at https://developers.monnify.com/docs/webhooks. The formula in its prose, a plain
SHA-512 of secret and body, is not what its own example shows. Amounts are naira, not kobo.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from domain.providers.body_hmac import BodyHmac
from domain.providers.card import Card
from domain.providers.event_keys import at
from domain.providers.vocabulary import Claim, Says, Vocabulary
from domain.providers.wire_values import Unit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.delivery import Delivery

_TRANSACTION = "eventData.transactionReference"


def _refund(says: Says) -> tuple[Claim, ...]:
    named, amount = "eventData.refundReference", "eventData.refundAmount"
    return (Claim(says, named, amount, capture_id=_TRANSACTION),)


class Monnify(BodyHmac):
    """Webhooks of one Monnify integration."""

    name = "monnify"
    header = b"monnify-signature"
    algorithm = "sha512"
    card = Card(
        title="Monnify",
        scheme="HMAC-SHA512 of the body, hexadecimal, in `monnify-signature`",
        key="the client secret, which is the API secret too",
        retries="not documented",
        sources=(
            "https://developers.monnify.com/docs/webhooks",
            "https://teamapt.atlassian.net/wiki/spaces/MON/pages/212008918",
        ),
        refetch="recommended",
        doubts=(
            "that refunds, which name no currency, are in NGN",
            "the names `MANDATE_UPDATE`, `ACCOUNT_ACTIVITY` and `LOW_BALANCE_ALERT`",
            "how often it retries",
        ),
        traps=(
            "amounts are in naira, not in kobo",
            "a success may be of less or more than was asked: what was paid counts",
            "there is no event for a failed payment",
            "money to a reserved account comes without our reference",
        ),
    )
    vocabulary = Vocabulary(
        type="eventType",
        key=(),
        reference=("eventData.paymentReference",),
        claims=MappingProxyType(
            {
                "SUCCESSFUL_TRANSACTION": (
                    Claim(
                        Says.SUCCEEDED,
                        _TRANSACTION,
                        "eventData.amountPaid",
                        "eventData.currency",
                        only_if=(
                            (
                                "eventData.paymentStatus",
                                ("PAID", "PARTIALLY_PAID", "OVERPAID"),
                            ),
                        ),
                    ),
                ),
                "SUCCESSFUL_REFUND": _refund(Says.REFUND_SUCCEEDED),
                "FAILED_REFUND": _refund(Says.REFUND_FAILED),
            }
        ),
        payment_id=(_TRANSACTION,),
        unit=Unit.MAJOR,
        currency="NGN",
    )

    def key_parts(self, delivery: Delivery, tree: dict[str, Any]) -> Sequence[object]:
        """Name a refund by its own reference, and all else by its transaction's and its status.

        Where there is neither, its body is its name.
        """
        del delivery
        type_ = tree.get("eventType")
        refund = at(tree, "eventData", "refundReference")
        if refund is not None:
            return (type_, refund)
        names = ("transactionReference", "reference")
        found = next((each for each in (at(tree, "eventData", n) for n in names) if each), None)
        status = at(tree, "eventData", "paymentStatus")
        if found is None:
            return ()
        return (type_, found) if status is None else (type_, found, status)
