"""Shopify: HMAC-SHA256 of the body in base64; topic, shop and ids are headers that nobody signs.

Documented at https://shopify.dev/docs/apps/build/webhooks. So what a body is about is told from the
body alone: an order by its financial status, and so on. No header but the signature is read.

An order's success is told by the order, and its transactions that take money say nothing: both
would tell of one success under two names.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from domain.delivery import Mode, ProviderEvent
from domain.providers.body_hmac import BodyHmac
from domain.providers.card import Card
from domain.providers.event_keys import reference_hint
from domain.providers.vocabulary import Claim, Says, Vocabulary
from domain.providers.wire_values import Unit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from domain.delivery import Delivery

    Tree = dict[str, Any]

_KINDS = (
    ("order", "financial_status"),
    ("dispute", "evidence_due_by"),
    ("refund", "refund_line_items"),
    ("transaction", "parent_id"),
)
"""What a body is, by a member that nothing else has."""

_WHAT = "what"
"""The member that we add to a body before it is translated."""

_MONEY = ("amount", "currency", "order_id")


def _claim(says: Says) -> tuple[Claim, ...]:
    return (Claim(says, "id", *_MONEY),)


_CLAIMS: Mapping[str, tuple[Claim, ...]] = MappingProxyType(
    {
        "order.pending": (Claim(Says.INITIALIZED, "id"),),
        "order.authorized": (Claim(Says.INITIALIZED, "id"),),
        "order.paid": (Claim(Says.SUCCEEDED, "id", "total_price", "currency"),),
        "order.voided": (Claim(Says.FAILED, "id"),),
        "order.expired": (Claim(Says.FAILED, "id"),),
        "transaction.refund.pending": _claim(Says.REFUND_PENDING),
        "transaction.refund.success": _claim(Says.REFUND_SUCCEEDED),
        "transaction.refund.failure": _claim(Says.REFUND_FAILED),
        "transaction.refund.error": _claim(Says.REFUND_FAILED),
        "dispute.chargeback.needs_response": _claim(Says.DISPUTE_OPENED),
        "dispute.chargeback.under_review": _claim(Says.DISPUTE_OPENED),
        "dispute.chargeback.won": _claim(Says.DISPUTE_WON),
        "dispute.chargeback.lost": _claim(Says.DISPUTE_LOST),
        "dispute.chargeback.accepted": _claim(Says.DISPUTE_LOST),
    }
)
"""An inquiry, which is a dispute too, takes no money."""


class Shopify(BodyHmac):
    """Webhooks of one Shopify app, about orders, refunds and disputes."""

    name = "shopify"
    header = b"x-shopify-hmac-sha256"
    algorithm = "sha256"
    encoding = "base64"
    card = Card(
        title="Shopify",
        scheme="HMAC-SHA256 of the body, base64, in `x-shopify-hmac-sha256`",
        key="the app's client secret; of webhooks made in the admin, the key that is shown there",
        retries="8 tries in 4 h; then the subscription may be removed",
        sources=(
            "https://shopify.dev/docs/apps/build/webhooks/subscribe/https",
            "https://shopify.dev/docs/apps/build/webhooks/ignore-duplicates",
            "Shopify/shopify-api-js: packages/shopify-api/lib/utils/hmac-validator.ts",
        ),
        refetch="recommended",
        doubts=("which header Shopify means events to be told apart by: none is used here",),
        traps=(
            "topic and shop are not signed, and not read",
            "one client secret signs for every shop that has the app: use an app of one shop",
            "subscribe to `orders/paid`, `refunds/create`, `disputes/create` and `disputes/update`",
            "`order_transactions/create` alone tells of no success",
            "our reference must be the order's note attribute `reference`",
            "an order of nothing is set aside: a zero is no amount",
            "a new client secret may take an hour to be used: keep both",
        ),
    )
    vocabulary = Vocabulary(
        type=_WHAT,
        key=(),
        reference=(),
        claims=_CLAIMS,
        payment_id=("order_id", "id"),
        at="updated_at",
        unit=Unit.MAJOR,
        mode="test",
        modes=((True, Mode.TEST), (False, Mode.LIVE)),
    )

    def key_parts(self, delivery: Delivery, tree: Tree) -> Sequence[object]:
        """Name the event by what it is about, its id, its status and its last change.

        One order under two topics is one event. A body of no kind that we know is its own name.
        """
        del delivery
        kind = _kind(tree)
        if kind is None:
            return ()
        changed = tree.get("updated_at")
        named = (_what(kind, tree), tree.get("id"))
        return named if changed is None else (*named, changed)

    def reference(self, tree: Tree) -> object:
        """Return the one note attribute that is called "reference"."""
        attributes = tree.get("note_attributes")
        if not isinstance(attributes, list):
            return None
        pairs = (each for each in attributes if isinstance(each, dict))
        named = [each.get("value") for each in pairs if each.get("name") == "reference"]
        return named[0] if len(named) == 1 else None

    def translate(self, tree: Tree) -> ProviderEvent:
        """Translate the body, or each transaction of a refund."""
        kind = _kind(tree)
        if kind is None:
            return ProviderEvent("unknown", None)
        event = self.vocabulary.translate(tree | {_WHAT: _what(kind, tree)})
        if kind == "refund":
            told = [self.vocabulary.translate(each) for each in _transactions(tree)]
            event = replace(event, facts=tuple(fact for each in told for fact in each.facts))
        return replace(event, reference=reference_hint(self.reference(tree)))


def _kind(tree: Tree) -> str | None:
    return next((kind for kind, member in _KINDS if member in tree), None)


def _what(kind: str, tree: Tree) -> str:
    members = {
        "order": ("financial_status",),
        "transaction": ("kind", "status"),
        "dispute": ("type", "status"),
    }
    return ".".join([kind, *(_word(tree.get(name)) for name in members.get(kind, ()))])


def _word(value: object) -> str:
    return value if isinstance(value, str) else "none"


def _transactions(refund: Tree) -> list[Tree]:
    """Return the transactions of a refund, each saying what it is."""
    found = refund.get("transactions")
    if not isinstance(found, list):
        return []
    return [each | {_WHAT: _what("transaction", each)} for each in found if isinstance(each, dict)]
