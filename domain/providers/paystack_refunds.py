"""Paystack's refunds: how they are asked for and told. https://paystack.com/docs/api/refund/.

Webhooks know a refund by its `refund_reference`, the API by an id of its own; only where the API
gives the former too can a refund be told one by one. A `bank_reference` is the bank's, and nobody
says that it is the same: to count by it could count one refund twice.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from domain.asking import Told, ToldRefund
from domain.errors import AmountInvalid, CurrencyUnknown, OutcomeUnknown, PayloadInvalid
from domain.facts import Fact, FactKind, FactStatus
from domain.money import Money
from domain.providers.amounts import from_wire
from domain.providers.api import (
    PAGE_BYTES_MAX,
    PAGE_ITEMS,
    ApiRequest,
    get,
    understand,
    wire_amount,
)
from domain.providers.event_keys import at, reference_hint
from domain.providers.paystack import DECIMALS, claims
from domain.providers.paystack_answers import require_accepted
from domain.providers.shapes import ObjectId, PositiveMinorOrDigits, Shape, read

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from domain.asking import RefundAsking
    from domain.providers.api import ApiAnswer

_REFUND_EVENTS: Mapping[str, str] = MappingProxyType(
    {
        "pending": "refund.pending",
        "processing": "refund.processing",
        "needs-attention": "refund.processing",
        "processed": "refund.processed",
        "failed": "refund.failed",
    }
)
"""Of each status of a refund, the event that tells it. What needs attention is not settled."""

_REFUND_STATUSES: Mapping[str, FactStatus] = MappingProxyType(
    {
        "pending": FactStatus.PENDING,
        "processing": FactStatus.PENDING,
        "needs-attention": FactStatus.PENDING,
        "processed": FactStatus.SUCCEEDED,
        "failed": FactStatus.FAILED,
    }
)


class Refund(Shape):
    """A refund of whatever status."""

    id: ObjectId
    status: Literal["pending", "processing", "needs-attention", "processed", "failed"]
    amount: PositiveMinorOrDigits
    currency: str
    refund_reference: ObjectId | None = None
    merchant_note: Any = None
    transaction: Any = None

    @property
    def money(self) -> Money:
        """Return what is given back."""
        return from_wire(self.amount, self.currency, DECIMALS)

    def is_of(self, transaction_id: str) -> bool:
        """Say whether it is about this transaction; one that does not say was asked for by it."""
        of = at(self.transaction, "id") if isinstance(self.transaction, dict) else self.transaction
        return of is None or str(of) == transaction_id


class _RefundAnswer(Shape):
    status: Literal[True]
    data: Refund


class _RefundsAnswer(Shape):
    status: Literal[True]
    data: list[Refund]


def list_refunds(transaction_id: str, *, page: int) -> ApiRequest:
    """Write the question for one page of a transaction's refunds; pages begin at 1."""
    query = (("transaction", transaction_id), ("perPage", str(PAGE_ITEMS)), ("page", str(page)))
    return get("refund", query=query, answer_bytes_max=PAGE_BYTES_MAX)


class RefundPage(NamedTuple):
    """A part of a transaction's refunds, and the bytes they were told in."""

    refunds: tuple[Refund, ...]
    has_more: bool
    answer: bytes


def read_refunds(answer: ApiAnswer, transaction_id: str) -> RefundPage:
    """Read one page: the refunds of this transaction, and whether another page may follow."""
    require_accepted(answer)
    listed = understand(answer, lambda tree: read(_RefundsAnswer, tree)).data
    ours = tuple(each for each in listed if each.is_of(transaction_id))
    return RefundPage(ours, len(listed) >= PAGE_ITEMS, answer.body)


def tell_refunds(
    refunds: Sequence[Refund], transaction_id: str
) -> tuple[tuple[Fact, ...], tuple[ToldRefund, ...]]:
    """Tell all refunds of a transaction. Raises OutcomeUnknown where they are not understood.

    A refund that has the name by which webhooks know it is told under it. The others are told
    together, by the sum of all that are processed: the named ones explain their share of it.
    """
    try:
        facts = [fact for refund in refunds for fact in _named(refund)]
        told = tuple(_told_refund(refund) for refund in refunds)
        processed = [refund for refund in refunds if refund.status == "processed"]
        if any(refund.refund_reference is None for refund in processed):
            facts.append(_total(processed, transaction_id))
    except (AmountInvalid, CurrencyUnknown, PayloadInvalid) as error:
        raise OutcomeUnknown(f"the refunds are not as documented: {error.code}") from None
    return tuple(facts), told


def refund(asking: RefundAsking) -> ApiRequest:
    """Write a refund. Our reference goes into its note, by which a doubtful one is found again."""
    body: dict[str, Any] = {
        "transaction": asking.capture_id,
        "amount": wire_amount(asking.amount, DECIMALS),
        "currency": asking.amount.currency,
        "merchant_note": asking.reference,
    }
    if asking.reason:
        body["customer_note"] = asking.reason
    return ApiRequest("POST", ("refund",), json=body)


def read_refunded(answer: ApiAnswer, asking: RefundAsking) -> Told:
    """Read what giving money back gave."""
    require_accepted(answer)
    return understand(answer, lambda tree: _told_made(tree, asking, answer))


def _named(refund: Refund) -> tuple[Fact, ...]:
    if refund.refund_reference is None:
        return ()
    return claims(_REFUND_EVENTS[refund.status], refund.model_dump())[0]


def _total(processed: Sequence[Refund], transaction_id: str) -> Fact:
    currencies = {refund.currency for refund in processed}
    if len(currencies) != 1:
        raise PayloadInvalid("refunds of one transaction in several currencies")
    sum_minor = sum(refund.money.amount_minor for refund in processed)
    return Fact(
        FactKind.REFUND_TOTAL,
        transaction_id,
        FactStatus.SUCCEEDED,
        Money(currencies.pop(), sum_minor),
        capture_id=transaction_id,
    )


def _told_refund(refund: Refund) -> ToldRefund:
    return ToldRefund(
        provider_refund_id=refund.id,
        status=_REFUND_STATUSES[refund.status],
        amount=refund.money,
        object_id=refund.refund_reference,
        ours=reference_hint(refund.merchant_note),
    )


def _told_made(tree: dict[str, Any], asking: RefundAsking, answer: ApiAnswer) -> Told:
    """Leave a refund pending that is processed at once but has no name yet.

    It can be counted only together with all others of its transaction: the next look-up does.
    """
    made = read(_RefundAnswer, tree).data
    status, facts = _REFUND_STATUSES[made.status], _named(made)
    if status is FactStatus.SUCCEEDED and not facts:
        status = FactStatus.PENDING
    told = ToldRefund(made.id, status, made.money, made.refund_reference, asking.reference)
    return Told(facts, asking.capture_id, refunds=(told,), status=made.status, answer=answer.body)
