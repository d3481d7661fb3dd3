"""Xendit's API: payments and invoices. https://docs.xendit.co/apidocs/."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from domain.asking import Told
from domain.errors import PayloadInvalid
from domain.facts import FactStatus
from domain.money import Money
from domain.providers import told_facts as tell
from domain.providers.api import PAGE_BYTES_MAX, get, is_success
from domain.providers.look_up import LookUp, basic, key, tree_of
from domain.providers.look_up_answers import (
    found,
    left_to_person,
    named,
    nameless,
    require_same,
    whose,
)
from domain.providers.paths import dig

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from domain.asking import Asking
    from domain.facts import Fact
    from domain.providers.api import ApiAnswer, Pairs
    from domain.providers.look_up import Access, Asks, Tree

VERSION = (("api-version", "2024-11-11"),)

_NAME = re.compile(r"py-[0-9a-f-]{1,64}|[0-9a-f]{24}")
_ENDED = frozenset({"FAILED", "EXPIRED", "CANCELED"})
_PAID = frozenset({"SUCCEEDED", "PAID", "SETTLED"})
_REFUNDS: Mapping[str, FactStatus] = MappingProxyType(
    {
        "SUCCEEDED": FactStatus.SUCCEEDED,
        "FAILED": FactStatus.FAILED,
        "CANCELLED": FactStatus.FAILED,
    }
)


class XenditApi(LookUp):
    """Asks for the payment (`py-…`) or the invoice (24 hexadecimal digits), and its refunds.

    Our reference is `reference_id` of the payment, `external_id` of the invoice.
    """

    name = "xendit"
    live_url = "https://api.xendit.co"
    key = key(
        "a secret API key, xnd_production_… or xnd_development_…", r"xnd_[A-Za-z0-9_]{16,200}"
    )
    key_says_mode = True
    doubts = (
        "that refunds are listed by `payment_request_id` or `invoice_id`",
        "payment requests, payment methods and virtual accounts of older products are not asked",
        "a payment in several captures counts by their sum",
    )

    def headers(self, access: Access, token: str | None) -> Pairs:
        """Return the key as the name of a user without a password."""
        del token
        return basic(access.key)

    def ask(self, asking: Asking, access: Access) -> Asks:
        """Ask for whichever it is, and where money has come for its refunds."""
        name = named(asking, _NAME)
        if name is None:
            raise nameless()
        is_payment = name.startswith("py-")
        path = ("v3", "payments", name) if is_payment else ("v2", "invoices", name)
        headers = VERSION if is_payment else ()
        tree = found((yield get(*path, headers=headers)), asking)
        require_same(tree.get("payment_id" if is_payment else "id"), name)
        status = tell.word(tree, "status")
        reference = whose(asking, tree.get("reference_id" if is_payment else "external_id"))
        facts = [tell.failed(name) if status in _ENDED else tell.under_way(name)]
        if status in _PAID:
            field = "payment_request_id" if is_payment else "invoice_id"
            parent = tell.name(tree, field) if is_payment else name
            query = ((field, parent), ("limit", "100"))
            answer = yield get("refunds", query=query, answer_bytes_max=PAGE_BYTES_MAX)
            facts = [tell.paid(name, _amount(tree)), *_refunds(answer, name, (field, parent))]
        return Told(
            facts=tuple(facts),
            provider_reference=name,
            mode=access.mode,
            is_final=status in _PAID or status in _ENDED,
            status=status,
            reference=reference,
        )


def _amount(tree: Tree) -> Money:
    """Return what came: of a payment all that was captured, of an invoice what was paid."""
    currency = tree.get("currency")
    captures = [
        tell.major({"capture": each, "currency": currency}, "capture.capture_amount", "currency")
        for each in tell.listed(tree, "captures")
    ]
    if captures:
        return Money(captures[0].currency, sum(each.amount_minor for each in captures))
    fields = [name for name in ("paid_amount", "request_amount", "amount") if name in tree]
    if not fields:
        raise PayloadInvalid("no amount is told")
    return tell.major(tree, fields[0], "currency")


def _refunds(answer: ApiAnswer, name: str, parent: tuple[str, str]) -> Iterator[Fact]:
    if not is_success(answer):
        return
    tree = tree_of(answer)
    if tree.get("has_more"):
        raise left_to_person("the list of refunds goes on")
    field, parent_name = parent
    for each in tell.listed(tree, "data"):
        if dig(each, field) == parent_name:
            status = _REFUNDS.get(tell.word(each, "status"), FactStatus.PENDING)
            money = tell.major(each, "amount", "currency")
            yield tell.refund(tell.name(each, "id"), status, money, name)
