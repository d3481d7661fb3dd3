"""Standard Webhooks: a signature everybody can make, with a vocabulary of our own.

The specification says how to sign and nothing about payments. What we read of a body is
described in docs/providers.md, for those who bring a payment source of their own.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from domain.delivery import Mode, ProviderEvent
from domain.facts import Fact, FactKind, FactStatus
from domain.money import Money
from domain.providers.card import Card
from domain.providers.event_keys import at, reference_hint
from domain.providers.message_hmac import MessageHmac, base64_key
from domain.providers.shapes import ObjectId, PositiveMinor, Shape, TypeName, read, unix_time_s

if TYPE_CHECKING:
    from collections.abc import Mapping

KEY_BYTES_MIN = 24
KEY_BYTES_MAX = 64
"""Bytes of a key, as the specification bounds them."""

_CLAIMS: Mapping[str, tuple[FactKind, FactStatus]] = MappingProxyType(
    {
        "payment.initialized": (FactKind.INITIALIZED, FactStatus.KNOWN),
        "payment.succeeded": (FactKind.SUCCEEDED, FactStatus.SUCCEEDED),
        "payment.failed": (FactKind.FAILED, FactStatus.FAILED),
        "refund.pending": (FactKind.REFUND, FactStatus.PENDING),
        "refund.succeeded": (FactKind.REFUND, FactStatus.SUCCEEDED),
        "refund.failed": (FactKind.REFUND, FactStatus.FAILED),
        "dispute.opened": (FactKind.DISPUTE, FactStatus.OPENED),
        "dispute.won": (FactKind.DISPUTE, FactStatus.WON),
        "dispute.lost": (FactKind.DISPUTE, FactStatus.LOST),
    }
)
_WITHOUT_AMOUNT = frozenset({FactKind.INITIALIZED, FactKind.FAILED})


class _Heading(Shape):
    type: TypeName


class _Claim(Shape):
    id: ObjectId
    fee_minor: PositiveMinor | None = None
    payment_id: ObjectId | None = None
    livemode: bool | None = None


class _Amount(Shape):
    amount_minor: PositiveMinor
    currency: str


class StandardWebhooks(MessageHmac):
    """Messages of any sender that signs as the specification says."""

    name = "standard-webhooks"
    card = Card(
        title="Standard Webhooks",
        scheme="HMAC-SHA256 of `id.time.body`, base64, as `v1,…` in `webhook-signature`",
        key="`whsec_` and the base64 of 24 to 64 bytes",
        retries="as the sender does it; the specification asks for days",
        sources=("https://www.standardwebhooks.com",),
        traps=("`v1a` (Ed25519) codes are skipped: a sender must send a `v1` code beside one",),
    )

    def key_of(self, secret: bytes) -> bytes:
        """Decode the base64 after `whsec_`; 24 to 64 bytes."""
        key = base64_key(secret, prefix=b"whsec_")
        return key if KEY_BYTES_MIN <= len(key) <= KEY_BYTES_MAX else b""

    def is_secret(self, text: str) -> bool:
        """Say whether it is `whsec_` and the base64 of 24 to 64 bytes."""
        return text.isascii() and bool(self.key_of(text.encode()))

    def reference(self, tree: dict[str, Any]) -> object:
        """Return `data.reference`."""
        return at(tree, "data", "reference")

    def translate(self, tree: dict[str, Any]) -> ProviderEvent:
        """Make the one claim that the type stands for, and its fee where there is one."""
        type_ = read(_Heading, tree).type
        reference = reference_hint(self.reference(tree))
        if type_ not in _CLAIMS:
            return ProviderEvent(type_, reference, mode=_mode(at(tree, "data", "livemode")))
        claim = read(_Claim, tree.get("data"))
        is_payment = _CLAIMS[type_][0] not in (FactKind.REFUND, FactKind.DISPUTE)
        return ProviderEvent(
            type_,
            reference,
            facts=_facts(type_, tree, claim),
            mode=_mode(claim.livemode),
            provider_reference=claim.id if is_payment else claim.payment_id,
        )


def _facts(type_: str, tree: dict[str, Any], claim: _Claim) -> tuple[Fact, ...]:
    kind, status = _CLAIMS[type_]
    at_s = unix_time_s(tree.get("timestamp"))
    if kind in _WITHOUT_AMOUNT:
        return (Fact(kind, claim.id, status, at_s=at_s),)
    given = read(_Amount, tree["data"])
    amount = Money(given.currency, given.amount_minor)
    if kind is not FactKind.SUCCEEDED:
        return (Fact(kind, claim.id, status, amount, capture_id=claim.payment_id, at_s=at_s),)
    success = Fact(kind, claim.id, status, amount, at_s=at_s)
    if claim.fee_minor is None:
        return (success,)
    fee = Money(given.currency, claim.fee_minor)
    return (success, Fact(FactKind.FEE, claim.id, FactStatus.KNOWN, fee, at_s=at_s))


def _mode(livemode: object) -> Mode | None:
    if not isinstance(livemode, bool):
        return None
    return Mode.LIVE if livemode else Mode.TEST
