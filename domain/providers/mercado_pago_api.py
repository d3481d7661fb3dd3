"""Mercado Pago's API. https://www.mercadopago.com/developers/en/reference/payments/_payments_id/get."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from domain.asking import Told
from domain.delivery import Mode
from domain.facts import FactStatus
from domain.providers import told_facts as tell
from domain.providers.api import PAGE_BYTES_MAX, get
from domain.providers.look_up import LookUp, key
from domain.providers.look_up_answers import (
    found,
    left_to_person,
    named,
    require_same,
    unknown,
    whose,
)
from domain.providers.paths import dig

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from domain.asking import Asking
    from domain.facts import Fact
    from domain.providers.look_up import Access, Asks, Tree

_NAME = re.compile(r"[1-9][0-9]{0,19}")
_PAID = frozenset({"approved", "refunded", "charged_back", "in_mediation"})
_ENDED = frozenset({"rejected", "cancelled"})
_REFUNDS: Mapping[str, FactStatus] = MappingProxyType(
    {
        "approved": FactStatus.SUCCEEDED,
        "rejected": FactStatus.FAILED,
        "cancelled": FactStatus.FAILED,
    }
)
_CHARGEBACKS: Mapping[str, FactStatus] = MappingProxyType(
    {"settled": FactStatus.LOST, "reimbursed": FactStatus.WON}
)


class MercadoPagoApi(LookUp):
    """Asks for the payment by its id; else for those of our reference, its `external_reference`."""

    name = "mercado-pago"
    live_url = "https://api.mercadopago.com"
    key = key("an access token, APP_USR-… or TEST-…", r"(?:APP_USR|TEST)-[A-Za-z0-9_-]{16,200}")
    doubts = (
        "that a mediation has ended well is not told: a person ends the dispute",
        "of several payments of one reference only the newest that is paid is told",
        "chargebacks and merchant orders are not asked about by their own ids",
    )

    def mode_of(self, key: str) -> Mode | None:
        """Return the world of a token: TEST-… says it, APP_USR-… may be a test user's too."""
        return Mode.TEST if key.startswith("TEST-") else None

    def ask(self, asking: Asking, access: Access) -> Asks:
        """Ask once: refunds come with the payment."""
        name = named(asking, _NAME)
        if name is None:
            query = (
                ("external_reference", asking.reference),
                ("sort", "date_created"),
                ("criteria", "desc"),
            )
            search = get("v1", "payments", "search", query=query, answer_bytes_max=PAGE_BYTES_MAX)
            payment = _best(found((yield search), asking), asking)
        else:
            payment = found((yield get("v1", "payments", name)), asking)
        told_name = tell.name(payment, "id")
        require_same(told_name, name or told_name)
        reference = whose(asking, payment.get("external_reference"))
        status = tell.word(payment, "status")
        return Told(
            facts=tuple(_facts(payment, told_name, status)),
            provider_reference=told_name,
            mode=_mode(payment) or access.mode,
            is_final=status in _PAID or status in _ENDED,
            status=status,
            reference=reference,
        )


def _best(tree: Tree, asking: Asking) -> Tree:
    listed = [each for each in tell.listed(tree, "results") if isinstance(each, dict)]
    if not listed:
        raise unknown(asking)
    return next((each for each in listed if each.get("status") in _PAID), listed[0])


def _mode(payment: Tree) -> Mode | None:
    is_live = payment.get("live_mode")
    if not isinstance(is_live, bool):
        return None
    return Mode.LIVE if is_live else Mode.TEST


def _facts(payment: Tree, name: str, status: str) -> Iterator[Fact]:
    if status in _ENDED:
        yield tell.failed(name)
    elif status not in _PAID:
        yield tell.under_way(name)
    else:
        money = tell.major(payment, "transaction_amount", "currency_id")
        yield tell.paid(name, money)
        yield from _refunds(payment, name)
        if status == "in_mediation":
            yield tell.dispute(name, FactStatus.OPENED, money, name)
        if status == "charged_back":
            standing = _CHARGEBACKS.get(str(payment.get("status_detail")), FactStatus.OPENED)
            yield tell.dispute(name, standing, money, name)


def _refunds(payment: Tree, name: str) -> Iterator[Fact]:
    listed = list(tell.listed(payment, "refunds"))
    if not listed and not tell.is_nothing(payment, "transaction_amount_refunded"):
        raise left_to_person("refunds are told of, and none is listed")
    for each in listed:
        refund = {"refund": each, "currency": payment.get("currency_id")}
        money = tell.major(refund, "refund.amount", "currency")
        status = _REFUNDS.get(str(dig(each, "status")), FactStatus.PENDING)
        yield tell.refund(tell.name(each, "id"), status, money, name)
