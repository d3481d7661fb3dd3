"""Korapay: a hexadecimal header over the member `data` of the body, and over nothing else.

Documented at https://developers.korapay.com/docs/webhooks. `event` is not signed: what happened is
read from `data.status`, which is, and an event that says otherwise is refused. That it was a charge
is only claimed; so the claim can keep a fact back, but what a fact says is all signed.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from domain import signing, strict_json
from domain.delivery import ProviderEvent
from domain.errors import PayloadInvalid, RefetchRequired, SignatureInvalid
from domain.providers.card import Card
from domain.providers.one_event import OneEventProvider
from domain.providers.paths import dig
from domain.providers.raw_member import raw_member
from domain.providers.trust import Claimed
from domain.providers.vocabulary import Claim, Says, Vocabulary
from domain.providers.wire_values import Unit, type_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.delivery import Delivery, Secret

_SIGNED = "data"
_KINDS = frozenset({"charge", "refund", "transfer"})


class Korapay(OneEventProvider):
    """Webhooks of one Korapay account."""

    name = "korapay"
    card = Card(
        title="Korapay",
        scheme="HMAC-SHA256 of the member `data` as it stands in the body, hexadecimal, in"
        " `x-korapay-signature`",
        key="the API secret key, `sk_test_…` or `sk_live_…`",
        retries="up to 72 h",
        sources=("https://developers.korapay.com/docs/webhooks",),
        covers="fields",
        refetch="recommended",
        doubts=(
            "how long it tries",
            "the names and fields of events about refunds",
            "that what is signed is always what is sent, byte for byte",
        ),
        traps=(
            "`event` is not signed: a charge could be shown again as a refund",
            "refunds are therefore asked about, never believed",
            "give no payout the reference of a payment: to the signature they look alike",
            "no time is signed: a captured request can be sent again; it changes nothing",
        ),
    )
    vocabulary = Vocabulary(
        type="data.status",
        key=(),
        reference=("data.reference",),
        payment_id=("data.reference",),
        unit=Unit.MAJOR,
        claims={
            "success": (Claim(Says.SUCCEEDED, "data.reference", "data.amount", "data.currency"),),
            "failed": (Claim(Says.FAILED, "data.reference"),),
        },
    )

    def authenticate(self, delivery: Delivery, secrets: Sequence[Secret]) -> str:
        """Compare the header with the code each secret gives the signed member."""
        given = signing.required_header(delivery, b"x-korapay-signature")
        try:
            signed = raw_member(delivery.body, _SIGNED)
        except PayloadInvalid as error:
            raise SignatureInvalid(str(error)) from None
        return signing.matching_key_id(
            secrets, [given], lambda secret: signing.hex_code(secret, signed, "sha256")
        )

    def glance(self, body: bytes) -> dict[str, Any]:
        """Return the signed member alone: nothing else may make another event of a delivery."""
        return {_SIGNED: strict_json.glance(raw_member(body, _SIGNED))}

    def key_parts(self, delivery: Delivery, tree: dict[str, Any]) -> Sequence[object]:
        """Name the event by reference and status, and by all else that is signed."""
        digest = hashlib.sha256(raw_member(delivery.body, _SIGNED)).hexdigest()
        return (dig(tree, "data.reference"), dig(tree, "data.status"), digest)

    def translate(self, tree: dict[str, Any]) -> ProviderEvent:
        """Make a fact of a charge; ask about a refund; payouts are no concern of ours.

        Raises PayloadInvalid where `event` contradicts what is signed.
        """
        claimed = Claimed(tree).hint("event")
        event = type_name(claimed.unproven if claimed else None)
        kind, _, outcome = event.partition(".")
        if kind not in _KINDS:
            return ProviderEvent(event, reference=None)
        if dig(tree, "data.status") != outcome:
            raise PayloadInvalid("the event disagrees with data.status, which is signed")
        if kind == "transfer":
            return ProviderEvent(event, reference=None)
        if kind == "refund":
            raise RefetchRequired("that it is a refund is not signed")
        return replace(self.vocabulary.translate(tree), type=event)
