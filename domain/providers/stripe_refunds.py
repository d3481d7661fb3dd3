"""Stripe's refunds and its list of payments: https://docs.stripe.com/api/refunds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from domain.asking import Listed, Page, Told, ToldRefund
from domain.errors import AmountInvalid, CurrencyUnknown, PayloadInvalid
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
from domain.providers.shapes import AmountMinor, ObjectId, Shape, TypeName, read, unix_time_s
from domain.providers.stripe_answers import require_accepted
from domain.providers.stripe_api import post, reference_of
from domain.providers.stripe_claims import CLAIMS
from domain.providers.stripe_objects import DECIMALS, Currency

if TYPE_CHECKING:
    from domain.asking import RefundAsking
    from domain.facts import Fact
    from domain.money import Money
    from domain.providers.api import ApiAnswer
    from domain.providers.paths import Json

REASON_LENGTH_MAX = 500
"""Characters of a value of Stripe's metadata."""


class _List(Shape):
    data: list[dict[str, Any]]
    has_more: bool = False


class _Id(Shape):
    id: ObjectId


class _Intent(Shape):
    id: ObjectId
    status: TypeName
    amount: AmountMinor
    amount_received: AmountMinor | None = None
    currency: Currency
    created: Any = None


def refund(asking: RefundAsking, *, key: str) -> ApiRequest:
    """Write a refund. Our reference goes into its metadata, by which it is found again."""
    of = "charge" if asking.capture_id.startswith("ch_") else "payment_intent"
    form = [
        (of, asking.capture_id),
        ("amount", str(wire_amount(asking.amount, DECIMALS))),
        ("metadata[refund]", asking.reference),
        ("metadata[reference]", asking.payment.reference),
    ]
    if asking.reason:
        form.append(("metadata[reason]", asking.reason[:REASON_LENGTH_MAX]))
    return post("refunds", form=tuple(form), key=key)


def read_refunded(answer: ApiAnswer, asking: RefundAsking) -> Told:
    """Read what giving money back gave."""
    require_accepted(answer)
    fact, told = understand(answer, _told_refund)
    return Told(
        facts=(fact,),
        provider_reference=asking.capture_id,
        refunds=(told,),
        status=str(told.status),
        answer=answer.body,
    )


def list_refunds(intent_id: str, *, cursor: str | None) -> ApiRequest:
    """Write the question for one page of an intent's refunds."""
    query = [("payment_intent", intent_id), ("limit", str(PAGE_ITEMS))]
    if cursor is not None:
        query.append(("starting_after", cursor))
    return get("v1", "refunds", query=tuple(query), answer_bytes_max=PAGE_BYTES_MAX)


class RefundPage(NamedTuple):
    """A part of an intent's refunds, and the bytes they were told in."""

    facts: tuple[Fact, ...]
    refunds: tuple[ToldRefund, ...]
    next_cursor: str | None
    answer: bytes


def read_refunds(answer: ApiAnswer, intent_id: str) -> RefundPage:
    """Read one page."""
    require_accepted(answer)
    listed = understand(answer, lambda tree: read(_List, tree))
    ours = [each for each in listed.data if each.get("payment_intent") == intent_id]
    told = understand(answer, lambda _: tuple(_told_refund(each) for each in ours))
    return RefundPage(
        tuple(fact for fact, _ in told),
        tuple(refund for _, refund in told),
        _next_cursor(answer, listed),
        answer.body,
    )


def list_payments(*, since_s: int, until_s: int, cursor: str | None) -> ApiRequest:
    """Write the question for one page of all intents."""
    query = [
        ("created[gte]", str(since_s)),
        ("created[lte]", str(until_s)),
        ("limit", str(PAGE_ITEMS)),
        ("expand[]", "data.latest_charge"),
    ]
    if cursor is not None:
        query.append(("starting_after", cursor))
    return get("v1", "payment_intents", query=tuple(query), answer_bytes_max=PAGE_BYTES_MAX)


def read_payments(answer: ApiAnswer) -> Page:
    """Read one page of intents. The cursor is the id of the page's last."""
    require_accepted(answer)
    listed = understand(answer, lambda tree: read(_List, tree))
    items = understand(answer, lambda _: tuple(_listed(each) for each in listed.data))
    return Page(items, _next_cursor(answer, listed))


def _next_cursor(answer: ApiAnswer, listed: _List) -> str | None:
    if not listed.has_more or not listed.data:
        return None
    return understand(answer, lambda _: read(_Id, listed.data[-1])).id


def _told_refund(tree: dict[str, Any]) -> tuple[Fact, ToldRefund]:
    (fact,) = CLAIMS["refund.updated"](tree, unix_time_s(tree.get("created")))
    if fact.amount is None:
        raise PayloadInvalid("a refund without an amount")
    ours = reference_hint(at(tree, "metadata", "refund"))
    return fact, ToldRefund(fact.object_id, fact.status, fact.amount, fact.object_id, ours)


def _listed(tree: dict[str, Any]) -> Listed:
    """Leave out an amount that cannot be read rather than the whole page: somebody must look."""
    named = read(_Id, tree)
    try:
        return _listed_intent(tree)
    except (AmountInvalid, CurrencyUnknown, PayloadInvalid):
        status = tree.get("status")
        return Listed(
            named.id,
            reference_of(tree),
            status[:100] if isinstance(status, str) else "",
            amount=None,
            refunded_minor=None,
            facts=(),
            at_s=unix_time_s(tree.get("created")) or 0,
        )


def _listed_intent(tree: dict[str, Any]) -> Listed:
    intent = read(_Intent, tree)
    at_s = unix_time_s(intent.created)
    has_money = intent.status == "succeeded"
    charge = tree.get("latest_charge")
    refunded = _refunded(charge, intent.currency)
    facts = CLAIMS["payment_intent.succeeded"](tree, at_s) if has_money else ()
    if refunded is not None and refunded.amount_minor:
        facts += CLAIMS["charge.refunded"](charge, at_s)
    amount = (intent.amount_received if has_money else None) or intent.amount
    return Listed(
        object_id=intent.id,
        reference=reference_of(tree),
        status=intent.status,
        amount=from_wire(amount, intent.currency.upper(), DECIMALS),
        refunded_minor=refunded.amount_minor if refunded is not None else None,
        facts=facts,
        at_s=at_s or 0,
    )


def _refunded(charge: Json, currency: str) -> Money | None:
    amount = at(charge, "amount_refunded")
    return from_wire(amount, currency.upper(), DECIMALS) if type(amount) is int else None
