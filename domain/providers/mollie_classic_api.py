"""Mollie's Payments API. https://docs.mollie.com/reference/get-payment."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from domain.asking import Told
from domain.facts import FactStatus
from domain.providers import told_facts as tell
from domain.providers.api import get
from domain.providers.look_up import LookUp, key
from domain.providers.look_up_answers import found, named, nameless, require_same, whose
from domain.providers.paths import dig

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from domain.asking import Asking
    from domain.facts import Fact
    from domain.providers.look_up import Access, Asks, Tree

_PAYMENT = re.compile(r"tr_[A-Za-z0-9]{1,100}")
_ENDED = frozenset({"failed", "canceled", "expired"})
_REFUNDS: Mapping[str, FactStatus] = MappingProxyType(
    {
        "queued": FactStatus.PENDING,
        "pending": FactStatus.PENDING,
        "processing": FactStatus.PENDING,
        "refunded": FactStatus.SUCCEEDED,
        "failed": FactStatus.FAILED,
        "canceled": FactStatus.FAILED,
    }
)


class MollieClassicApi(LookUp):
    """Asks for the payment with its refunds and chargebacks; it can be found by Mollie's id alone.

    Our reference is `metadata.reference` of the payment, or the whole of its metadata.
    """

    name = "mollie-classic"
    live_url = "https://api.mollie.com"
    key = key(
        "an API key of the website profile, live_… or test_…", r"(?:live|test)_[A-Za-z0-9]{16,128}"
    )
    key_says_mode = True
    doubts = (
        "orders (`ord_…`) and subscriptions (`sub_…`) are not asked about: have payments call",
        "that a payment's metadata may be our reference itself",
    )

    def ask(self, asking: Asking, access: Access) -> Asks:
        """Ask once: what was given back and taken back comes with the payment."""
        name = named(asking, _PAYMENT)
        if name is None:
            raise nameless()
        query = (("embed", "refunds,chargebacks"),)
        payment = found((yield get("v2", "payments", name, query=query)), asking)
        require_same(payment.get("id"), name)
        status = tell.word(payment, "status")
        metadata = payment.get("metadata")
        return Told(
            facts=tuple(_facts(payment, name, status)),
            provider_reference=name,
            mode=self.mode_of(str(payment.get("mode"))) or access.mode,
            is_final=status == "paid" or status in _ENDED,
            status=status,
            reference=whose(asking, dig(metadata, "reference") or metadata),
        )


def _facts(payment: Tree, name: str, status: str) -> Iterator[Fact]:
    """Yield what is told; what is authorized, but not captured, is not paid."""
    if status in _ENDED:
        yield tell.failed(name)
    elif status == "paid":
        amount = "amount" if payment.get("amountCaptured") is None else "amountCaptured"
        yield tell.paid(name, tell.major(payment, f"{amount}.value", f"{amount}.currency"))
        yield from _given_back(payment, name)
    else:
        yield tell.under_way(name)


def _given_back(payment: Tree, name: str) -> Iterator[Fact]:
    for each in tell.listed(payment, "_embedded.refunds"):
        status = _REFUNDS.get(tell.word(each, "status"), FactStatus.PENDING)
        money = tell.major(each, "amount.value", "amount.currency")
        yield tell.refund(tell.name(each, "id"), status, money, name)
    for each in tell.listed(payment, "_embedded.chargebacks"):
        status = FactStatus.WON if dig(each, "reversedAt") else FactStatus.OPENED
        money = tell.major(each, "amount.value", "amount.currency")
        yield tell.dispute(tell.name(each, "id"), status, money, name)
