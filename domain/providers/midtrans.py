"""Midtrans: a SHA-512 over order, status code and amount; what became of them is not covered.

Documented at https://docs.midtrans.com/reference/receiving-notifications.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.delivery import Hearsay
from domain.errors import SignatureInvalid
from domain.providers.card import Card
from domain.providers.field_hash import FieldHash

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.delivery import Delivery
    from domain.providers.trust import Claimed

_SIGNED = ("order_id", "status_code", "gross_amount")


class Midtrans(FieldHash):
    """Notices about the transactions of one merchant. Accounts that are linked sign otherwise."""

    name = "midtrans"
    algorithm = "sha512"
    code_field = "signature_key"
    card = Card(
        title="Midtrans",
        scheme="SHA-512 of `order_id`, `status_code`, `gross_amount` and the key, end to end,"
        " hexadecimal, as `signature_key` in the body",
        key="the server key, which is the API key too",
        retries="up to 5 times, fewer for some of our status codes",
        covers="fields",
        refetch="required",
        sources=(
            "https://docs.midtrans.com/docs/https-notification-webhooks",
            "https://docs.midtrans.com/reference/receiving-notifications",
        ),
        traps=(
            "capture, settlement and refund have one hash: what it is of is asked, never believed",
            "nothing parts the fields that are hashed, so that their borders can be moved",
            "notices about linked accounts hash other fields and are refused",
        ),
    )

    def signed_text(self, tree: dict[str, Any]) -> str:
        """Return the three fields as they are written."""
        fields = [tree.get(name) for name in _SIGNED]
        texts = [field for field in fields if isinstance(field, str)]
        if len(texts) != len(fields):
            raise SignatureInvalid("one of the fields that are hashed is no text")
        return "".join(texts)

    def key_parts(self, delivery: Delivery, tree: dict[str, Any]) -> Sequence[object]:
        """Name the event by what is hashed, and by its second.

        What is hashed stays the same from capture to refund, and the rest is open to change: by the
        one the notice of a refund would pass for one that was heard, by the other one notice could
        be made into any number of events.
        """
        return (*(tree.get(name) for name in _SIGNED), delivery.received_at_s)

    def hear(self, claimed: Claimed) -> Hearsay:
        """Have the order asked about, whatever is said to have become of it."""
        return Hearsay(
            claimed.type_name("transaction_status", otherwise="notification"),
            claimed.hint("order_id"),
            claimed.hint("transaction_id"),
        )
