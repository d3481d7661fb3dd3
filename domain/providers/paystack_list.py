"""Paystack's list of transactions: https://paystack.com/docs/api/transaction/#list."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from domain.asking import Listed, Page
from domain.errors import AmountInvalid, CurrencyUnknown, PayloadInvalid
from domain.providers.amounts import from_wire
from domain.providers.api import PAGE_BYTES_MAX, PAGE_ITEMS, ApiRequest, get, understand
from domain.providers.event_keys import reference_hint
from domain.providers.paystack import DECIMALS, claims
from domain.providers.paystack_answers import require_accepted
from domain.providers.paystack_api import PAID, Transaction, made_at_s
from domain.providers.shapes import AmountMinor, Shape, read, unix_time_s

if TYPE_CHECKING:
    from domain.facts import Fact
    from domain.money import Money
    from domain.providers.api import ApiAnswer


class _Meta(Shape):
    page: AmountMinor | None = None
    pageCount: AmountMinor | None = None  # noqa: N815 - Paystack's name


class _ListAnswer(Shape):
    status: Literal[True]
    data: list[dict[str, Any]]
    meta: _Meta = _Meta()


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


def _listed(data: dict[str, Any]) -> Listed:
    """Leave out an amount that cannot be read rather than the whole page: somebody must look."""
    found = read(Transaction, data)
    facts: tuple[Fact, ...] = ()
    try:
        amount = _amount(data)
        if found.status in PAID:
            facts = claims("charge.success", data | {"status": "success"})[0]
    except (AmountInvalid, CurrencyUnknown, PayloadInvalid):
        amount = None
    at_s = made_at_s(data) or unix_time_s(data.get("paid_at"))
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


def _iso(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
