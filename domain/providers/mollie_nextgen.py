"""Mollie's next-gen webhooks: HMAC-SHA256 of the body, in one header or several.

Documented at https://docs.mollie.com/reference/webhooks-new. The classic webhooks of single
payments are not signed: they are another provider, so that none can be passed off for the other.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from domain import signing
from domain.delivery import Hearsay, Mode
from domain.errors import SignatureInvalid
from domain.providers.body_hmac import BodyHmac
from domain.providers.card import Card
from domain.providers.paths import dig
from domain.providers.trust import Claimed
from domain.providers.vocabulary import Claim, Says, Vocabulary
from domain.providers.wire_values import Unit, type_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.delivery import Delivery, Said, Secret

_ENTITY = "_embedded.entity"
_PAID_LINK = "payment-link.paid"
_ASKED = ("dispute.", "sales-invoice.paid")


class MollieNextgen(BodyHmac):
    """Webhooks of one Mollie profile or organization."""

    name = "mollie-nextgen"
    header = b"x-mollie-signature"
    algorithm = "sha256"
    prefix = b"sha256="
    card = Card(
        title="Mollie next-gen",
        scheme="HMAC-SHA256 of the body, hexadecimal after `sha256=`, in `x-mollie-signature`,"
        " which may be there several times",
        key="the signing secret of the webhook",
        retries="10 tries over 26 h, if it does as the classic webhooks do",
        sources=(
            "https://docs.mollie.com/reference/webhooks-new",
            "mollie/mollie-api-php: src/Webhooks/SignatureValidator.php",
        ),
        refetch="recommended",
        doubts=(
            "how long it retries",
            "the event `sales-invoice.paid`",
            "where the entity is embedded; one that is found elsewhere is asked about",
        ),
        traps=(
            "a delivery without a signature is refused, not taken for a classic one",
            "a link that can be paid again, or of any amount, makes no fact: the provider is asked",
            "a payment link has no metadata: write the reference as its description",
        ),
    )
    vocabulary = Vocabulary(
        type="type",
        key=("id",),
        reference=(f"{_ENTITY}.metadata.reference", f"{_ENTITY}.description"),
        claims=MappingProxyType(
            {
                _PAID_LINK: (
                    Claim(
                        Says.SUCCEEDED,
                        "entityId",
                        f"{_ENTITY}.amount.value",
                        f"{_ENTITY}.amount.currency",
                    ),
                )
            }
        ),
        payment_id=("entityId",),
        at="createdAt",
        unit=Unit.MAJOR,
        mode=f"{_ENTITY}.mode",
        modes=(("live", Mode.LIVE), ("test", Mode.TEST)),
    )

    def authenticate(self, delivery: Delivery, secrets: Sequence[Secret]) -> str:
        """Compare every header of the name with the code each secret gives the body."""
        given = [value for name, value in delivery.headers if name == self.header]
        if len(given) <= 1:
            return super().authenticate(delivery, secrets)
        if any(len(value) > signing.HEADER_BYTES_MAX for value in given):
            raise SignatureInvalid("a signature is too long")
        return signing.matching_key_id(
            secrets, given, lambda secret: self.code(secret, delivery.body)
        )

    def translate(self, tree: dict[str, Any]) -> Said:
        """Translate a link of one fixed payment; ask about all else that may be money for us."""
        event = type_name(tree.get("type"))
        if not (event.startswith(_ASKED) or (event == _PAID_LINK and not _is_whole(tree))):
            return self.vocabulary.translate(tree)
        claimed = Claimed(tree)
        reference = claimed.hint(*self.vocabulary.reference)
        return Hearsay(event, reference, claimed.hint("entityId"), is_signed=True)


def _is_whole(tree: dict[str, Any]) -> bool:
    """Say whether a paid link tells all: one that can be paid again bears one id for each time."""
    amount = dig(tree, f"{_ENTITY}.amount")
    return isinstance(amount, dict) and dig(tree, f"{_ENTITY}.reusable") is False
