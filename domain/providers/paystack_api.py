"""Paystack's API: how it is asked and what its answers mean. https://paystack.com/docs/api/.

It has no idempotency keys and cannot end a payment. A reference is taken once: asking for a second
transaction under it is refused and gives no authorization URL. A transaction that nobody has paid
yet may be called abandoned; should it be paid later, its success is told and counts.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import StringConstraints

from domain.asking import Listed, Page, Told
from domain.delivery import Mode
from domain.errors import (
    AmountInvalid,
    CurrencyUnknown,
    OutcomeUnknown,
    PayloadInvalid,
)
from domain.facts import Fact, FactKind, FactStatus
from domain.providers.amounts import from_wire
from domain.providers.api import (
    PAGE_BYTES_MAX,
    PAGE_ITEMS,
    PATH_STEPS,
    ApiRequest,
    get,
    understand,
    unwritable,
    wire_amount,
)
from domain.providers.event_keys import reference_hint
from domain.providers.paystack import DECIMALS, claims
from domain.providers.paystack_answers import is_not_found, require_accepted
from domain.providers.shapes import (
    AmountMinor,
    ObjectId,
    Shape,
    TypeName,
    read,
    unix_time_s,
)

if TYPE_CHECKING:
    from domain.asking import Asking
    from domain.money import Money
    from domain.providers.api import ApiAnswer

EMAIL_DOMAIN = "customers.example.com"
"""Paystack takes nothing without an email. A customer of whom we know none gets one here: reserved
for ever (RFC 2606), so that no mail reaches anybody, and under a top-level domain that every
validator knows."""

Url = Annotated[str, StringConstraints(pattern=r"^https?://[!-~]{1,2040}$")]

_LOCAL_PART = re.compile(r"(?=.{1,64}$)[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*")
_PAID = frozenset({"success", "reversed"})
_ENDED = frozenset({"failed", "abandoned"})
_UNDER_WAY = frozenset({"ongoing", "pending", "processing", "queued"})


class _Started(Shape):
    authorization_url: Url
    reference: str


class _StartedAnswer(Shape):
    status: Literal[True]
    data: _Started


class _Transaction(Shape):
    id: ObjectId
    status: TypeName
    reference: str | None = None
    domain: Literal["test", "live"] | None = None


class _TransactionAnswer(Shape):
    status: Literal[True]
    data: _Transaction


class _Meta(Shape):
    page: AmountMinor | None = None
    pageCount: AmountMinor | None = None  # noqa: N815 - Paystack's name


class _ListAnswer(Shape):
    status: Literal[True]
    data: list[dict[str, Any]]
    meta: _Meta = _Meta()


def initialize(asking: Asking) -> ApiRequest:
    """Write the start of a payment.

    Raises ProviderRefused for money that Paystack cannot write, and for a reference that could not
    be looked up again because it is no part of a path.
    """
    if asking.reference in PATH_STEPS:
        raise unwritable("reference_unusable")
    body: dict[str, Any] = {
        "email": asking.email or _email(asking.customer_id),
        "amount": wire_amount(asking.amount, DECIMALS),
        "currency": asking.amount.currency,
        "reference": asking.reference,
        "metadata": {"customer_id": asking.customer_id},
    }
    if asking.callback_url:
        body["callback_url"] = asking.callback_url
    return ApiRequest("POST", ("transaction", "initialize"), json=body)


def read_initialized(answer: ApiAnswer, asking: Asking) -> Told:
    """Read what starting a payment gave. Raises ReferenceTaken where it was there already."""
    require_accepted(answer)
    started = understand(answer, lambda tree: read(_StartedAnswer, tree)).data
    if started.reference != asking.reference:
        raise OutcomeUnknown("answered about another reference", http_status=answer.status)
    return Told(
        facts=(_initialized(asking.reference),),
        authorization_url=started.authorization_url,
        status="initialized",
        answer=answer.body,
    )


def verify(asking: Asking) -> ApiRequest:
    """Write the question what became of a payment."""
    return get("transaction", "verify", asking.reference)


def read_verified(answer: ApiAnswer, asking: Asking) -> Told:
    """Read what became of a payment, but for its refunds."""
    if is_not_found(answer):
        return Told(is_known=False, status="not_found", answer=answer.body)
    require_accepted(answer)
    return understand(answer, lambda tree: _told(tree, asking, answer))


def is_paid(told: Told) -> bool:
    """Say whether money has come, so that there may be refunds of it."""
    return told.status in _PAID


def list_transactions(*, since_s: int, until_s: int, page: int) -> ApiRequest:
    """Write the question for one page of all transactions; pages begin at 1."""
    query = (
        ("from", _iso(since_s)),
        ("to", _iso(until_s)),
        ("perPage", str(PAGE_ITEMS)),
        ("page", str(page)),
    )
    return get("transaction", query=query, answer_bytes_max=PAGE_BYTES_MAX)


def read_transactions(answer: ApiAnswer, *, page: int) -> Page:
    """Read one page of transactions. The cursor is the number of the next page."""
    require_accepted(answer)
    listed = understand(answer, lambda tree: read(_ListAnswer, tree))
    items = understand(answer, lambda _: tuple(_listed(each) for each in listed.data))
    pages = listed.meta.pageCount
    has_more = page < pages if pages is not None else len(items) >= PAGE_ITEMS
    return Page(items, str(page + 1) if has_more and items else None)


def _told(tree: dict[str, Any], asking: Asking, answer: ApiAnswer) -> Told:
    found = read(_TransactionAnswer, tree).data
    if found.reference != asking.reference:
        raise PayloadInvalid("answered about another reference")
    return Told(
        facts=_facts(found, tree["data"], asking.reference),
        provider_reference=found.id,
        mode=Mode(found.domain) if found.domain else None,
        is_final=found.status in _PAID or found.status in _ENDED,
        status=found.status,
        answer=answer.body,
    )


def _facts(found: _Transaction, data: dict[str, Any], reference: str) -> tuple[Fact, ...]:
    """Reversed money has come first, and gone by refunds or disputes, which are told as such."""
    if found.status in _PAID:
        return claims("charge.success", data | {"status": "success"})[0]
    if found.status in _ENDED:
        return (Fact(FactKind.FAILED, found.id, FactStatus.FAILED),)
    return (_initialized(reference),) if found.status in _UNDER_WAY else ()


def _initialized(reference: str) -> Fact:
    """Name it by our reference: the API gives a transaction no id before it is looked up."""
    return Fact(FactKind.INITIALIZED, reference, FactStatus.KNOWN)


def _listed(data: dict[str, Any]) -> Listed:
    """Leave out an amount that cannot be read rather than the whole page: somebody must look."""
    found = read(_Transaction, data)
    facts: tuple[Fact, ...] = ()
    try:
        amount = _amount(data)
        if found.status in _PAID:
            facts = claims("charge.success", data | {"status": "success"})[0]
    except (AmountInvalid, CurrencyUnknown, PayloadInvalid):
        amount = None
    at_s = unix_time_s(data.get("created_at") or data.get("createdAt") or data.get("paid_at"))
    return Listed(
        object_id=found.id,
        reference=reference_hint(found.reference),
        status=found.status,
        amount=amount,
        refunded_minor=None,
        facts=facts,
        at_s=at_s or 0,
    )


def _amount(data: dict[str, Any]) -> Money:
    amount, currency = data.get("amount"), data.get("currency")
    if type(amount) is not int or not isinstance(currency, str):
        raise PayloadInvalid("no amount")
    return from_wire(amount, currency, DECIMALS)


def _email(customer_id: str) -> str:
    """Return the address of a customer who has none, always the same one."""
    if _LOCAL_PART.fullmatch(customer_id):
        return f"{customer_id}@{EMAIL_DOMAIN}"
    return f"{hashlib.sha256(customer_id.encode()).hexdigest()[:32]}@{EMAIL_DOMAIN}"


def _iso(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
