"""Polar: signed as Standard Webhooks, but the whole text of the secret is the key.

Documented at https://polar.sh/docs/integrate/webhooks/delivery. Polar sells in its own name: an
order's total has the tax in it, while a refund names its tax beside its amount.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from domain.facts import Fact, FactKind, FactStatus
from domain.money import EXPONENTS
from domain.providers.amounts import from_wire
from domain.providers.card import Card
from domain.providers.message_hmac import MessageHmac
from domain.providers.shapes import AmountMinor, ObjectId, PositiveMinor, Shape, read, unix_time_s
from domain.providers.vocabulary import LOWER_CASE, Claim, Says, Vocabulary

if TYPE_CHECKING:
    from domain.delivery import ProviderEvent

_REFUNDS = frozenset({"refund.created", "refund.updated"})
_REFUND_STATUSES = {
    "pending": FactStatus.PENDING,
    "succeeded": FactStatus.SUCCEEDED,
    "failed": FactStatus.FAILED,
    "canceled": FactStatus.FAILED,
}


class _Refund(Shape):
    id: ObjectId
    order_id: ObjectId
    status: str
    amount: PositiveMinor
    tax_amount: AmountMinor
    currency: str


class Polar(MessageHmac):
    """Webhooks of one endpoint of an organization."""

    name = "polar"
    card = Card(
        title="Polar",
        scheme="HMAC-SHA256 of `id.time.body`, base64, as `v1,…` in `webhook-signature`",
        key="the endpoint's secret, whole, as text: it is not decoded",
        retries="10 tries with growing pauses; 10 failures in a row disable the endpoint",
        sources=(
            "https://polar.sh/docs/integrate/webhooks/delivery",
            "https://github.com/polarsource/polar-python",
        ),
        doubts=(
            "how often it tries, and when it gives up",
            "that a refund's tax is beside its amount, not in it (from the server's code)",
        ),
        traps=(
            "who verifies it as Standard Webhooks decodes the secret, and refuses everything",
            "a checkout that succeeded says nothing: the order that it became does",
        ),
    )
    vocabulary = Vocabulary(
        type="type",
        key=(),
        reference=("data.metadata.reference",),
        payment_id=("data.order_id", "data.id"),
        at="timestamp",
        currencies=LOWER_CASE,
        claims={
            "order.paid": (Claim(Says.SUCCEEDED, "data.id", "data.total_amount", "data.currency"),),
            "checkout.updated": (
                Claim(Says.FAILED, "data.id", only_if=(("data.status", ("failed",)),)),
            ),
        },
    )

    def key_of(self, secret: bytes) -> bytes:
        """Take the text as it is."""
        return secret

    def translate(self, tree: dict[str, Any]) -> ProviderEvent:
        """Translate a refund in code, since its amount stands in two fields."""
        said = self.vocabulary.translate(tree)
        return replace(said, facts=_refund(tree)) if said.type in _REFUNDS else said


def _refund(tree: dict[str, Any]) -> tuple[Fact, ...]:
    refund = read(_Refund, tree.get("data"))
    status = _REFUND_STATUSES.get(refund.status)
    if status is None:
        return ()
    currency = LOWER_CASE.get(refund.currency, refund.currency)
    amount = from_wire(refund.amount + refund.tax_amount, currency, EXPONENTS)
    at_s = unix_time_s(tree.get("timestamp"))
    return (Fact(FactKind.REFUND, refund.id, status, amount, refund.order_id, at_s),)
