"""Paystack: HMAC-SHA512 of the body with the API secret key, and events without an id.

Amounts are in the subunit of the currency. The webhook names test and live in `data.domain`.
A failed charge sends nothing: failures are learned by asking. Documented at
https://paystack.com/docs/payments/webhooks/, /refunds/#listening-to-notifications and
/disputes/.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from domain.delivery import Mode, ProviderEvent
from domain.errors import PayloadInvalid, RefetchRequired
from domain.facts import Fact, FactKind, FactStatus
from domain.money import EXPONENTS
from domain.providers.amounts import from_wire
from domain.providers.body_hmac import BodyHmac
from domain.providers.card import Card
from domain.providers.event_keys import at, reference_hint
from domain.providers.shapes import (
    AmountMinor,
    ObjectId,
    PositiveMinor,
    PositiveMinorOrDigits,
    Shape,
    TypeName,
    read,
    unix_time_s,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from domain.delivery import Delivery
    from domain.providers.paths import Json

DECIMALS: Mapping[str, int] = MappingProxyType(
    {currency: 2 for currency, exponent in EXPONENTS.items() if exponent == 2} | {"XOF": 2}  # noqa: PLR2004
)
"""Every currency has two decimals here; XOF too, although it has no subunit: its amounts are
taken to be multiplied by 100. That is not confirmed by Paystack itself; if it is wrong, the amount
differs from what was asked, and the money waits in suspense. No other currency is documented."""

_REFUND_STATUSES = {
    "refund.pending": FactStatus.PENDING,
    "refund.processing": FactStatus.PENDING,
    "refund.processed": FactStatus.SUCCEEDED,
    "refund.failed": FactStatus.FAILED,
}
_DISPUTE_TYPES = frozenset(
    {"charge.dispute.create", "charge.dispute.remind", "charge.dispute.resolve"}
)
_RESOLUTIONS = {"merchant-accepted": FactStatus.LOST, "declined": FactStatus.WON}


class _Data(Shape):
    domain: Literal["test", "live"] | None = None


class _Heading(Shape):
    event: TypeName
    data: _Data


class _Charge(Shape):
    id: ObjectId
    status: Literal["success"]
    reference: str
    amount: PositiveMinor
    currency: str
    fees: AmountMinor | None = None
    paid_at: Any = None


class _Refund(Shape):
    refund_reference: ObjectId | None
    amount: PositiveMinorOrDigits
    currency: str


class _Transaction(Shape):
    id: ObjectId
    amount: PositiveMinor
    currency: str


class _Dispute(Shape):
    id: ObjectId
    refund_amount: PositiveMinor | None = None
    currency: str | None = None
    resolution: str | None = None
    transaction: _Transaction


class Paystack(BodyHmac):
    """Webhooks of one Paystack integration, test or live."""

    name = "paystack"
    header = b"x-paystack-signature"
    algorithm = "sha512"
    card = Card(
        title="Paystack",
        scheme="HMAC-SHA512 of the body, hexadecimal, in `x-paystack-signature`",
        key="the API secret key, `sk_test_…` or `sk_live_…`",
        retries="live: 4 tries 3 min apart, then hourly for 72 h; test: hourly for 72 h",
        sources=("https://paystack.com/docs/payments/webhooks/",),
        refetch="recommended",
        doubts=("whether amounts in XOF are multiplied by 100",),
        traps=(
            "no time is signed: a captured request can be sent again; it changes nothing",
            "there is no event for a failed charge: failures are found by verification",
        ),
    )

    def key_parts(self, delivery: Delivery, tree: dict[str, Any]) -> Sequence[object]:  # noqa: ARG002
        """Name the event by its type and its object's first id of any kind.

        Where the object has none (a refund that waits, a subscription), its body is its name.
        """
        event, data = tree.get("event"), tree.get("data")
        if not isinstance(event, str) or not isinstance(data, dict):
            return (None,)
        ids = [data.get(name) for name in _id_names(event)]
        return next(((event, found) for found in ids if found is not None), ())

    def reference(self, tree: dict[str, Any]) -> object:
        """Return the transaction's reference, which lies elsewhere in refunds and disputes."""
        event = str(tree.get("event"))
        if event.startswith("refund."):
            return at(tree, "data", "transaction_reference")
        if event.startswith("charge.dispute."):
            return at(tree, "data", "transaction", "reference")
        return at(tree, "data", "reference")

    def translate(self, tree: dict[str, Any]) -> ProviderEvent:
        """Translate charges, refunds and disputes; every other type says nothing to us."""
        heading = read(_Heading, tree)
        facts, transaction_id = claims(heading.event, tree["data"])
        return ProviderEvent(
            heading.event,
            reference_hint(self.reference(tree)),
            facts=facts,
            mode=Mode(heading.data.domain) if heading.data.domain else None,
            provider_reference=transaction_id,
        )


def _id_names(event: str) -> tuple[str, ...]:
    if event.startswith("refund."):
        return ("id", "refund_reference")
    if event.startswith("transfer."):
        return ("id", "transfer_code", "reference")
    return ("id",)


def claims(event: str, data: Json) -> tuple[tuple[Fact, ...], str | None]:
    """Return the facts, and the id of the transaction they are about where the body has it.

    Whoever asks the API tells its answers here as the event that would have brought them, so that
    both make the same facts. Raises PayloadInvalid, RefetchRequired, AmountInvalid and
    CurrencyUnknown.
    """
    if event == "charge.success":
        charge = read(_Charge, data)
        return _of_charge(charge), charge.id
    if event in _REFUND_STATUSES:
        return _of_refund(read(_Refund, data), _REFUND_STATUSES[event]), None
    if event in _DISPUTE_TYPES:
        dispute = read(_Dispute, data)
        return (_of_dispute(event, dispute),), dispute.transaction.id
    return (), None


def _of_charge(charge: _Charge) -> tuple[Fact, ...]:
    at_s = unix_time_s(charge.paid_at)
    amount = from_wire(charge.amount, charge.currency, DECIMALS)
    success = Fact(FactKind.SUCCEEDED, charge.id, FactStatus.SUCCEEDED, amount, at_s=at_s)
    if not charge.fees:
        return (success,)
    fee = from_wire(charge.fees, charge.currency, DECIMALS)
    return (success, Fact(FactKind.FEE, charge.id, FactStatus.KNOWN, fee, at_s=at_s))


def _of_refund(refund: _Refund, status: FactStatus) -> tuple[Fact, ...]:
    """Ask for a refetch where a settled refund has no reference: two such may look the same."""
    amount = from_wire(refund.amount, refund.currency, DECIMALS)
    if refund.refund_reference is not None:
        return (Fact(FactKind.REFUND, refund.refund_reference, status, amount),)
    if status is FactStatus.PENDING:
        return ()
    msg = f"a refund has {status} but has no refund_reference"
    raise RefetchRequired(msg)


def _of_dispute(event: str, dispute: _Dispute) -> Fact:
    status = FactStatus.OPENED
    if event == "charge.dispute.resolve":
        if dispute.resolution not in _RESOLUTIONS:
            msg = f"not a resolution we know: {dispute.resolution!r:.40}"
            raise PayloadInvalid(msg)
        status = _RESOLUTIONS[dispute.resolution]
    amount = from_wire(
        dispute.refund_amount or dispute.transaction.amount,
        dispute.currency or dispute.transaction.currency,
        DECIMALS,
    )
    return Fact(FactKind.DISPUTE, dispute.id, status, amount, capture_id=dispute.transaction.id)
