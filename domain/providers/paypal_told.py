"""What PayPal's objects tell."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from domain.errors import PayloadInvalid
from domain.facts import FactStatus
from domain.providers import told_facts as tell
from domain.providers.event_keys import reference_hint
from domain.providers.look_up_answers import left_to_person
from domain.providers.paths import dig

if TYPE_CHECKING:
    from collections.abc import Mapping

    from domain.facts import Fact
    from domain.providers.look_up import Tree
    from domain.providers.paths import Json

_CAPTURE_LINK = re.compile(r"https?://[^?#]{1,200}/v2/payments/captures/([A-Z0-9]{10,30})")
_PAID = frozenset({"COMPLETED", "PARTIALLY_REFUNDED", "REFUNDED"})
_FAILED = frozenset({"DECLINED", "DENIED", "FAILED"})
_REFUNDS: Mapping[str, FactStatus] = MappingProxyType(
    {
        "COMPLETED": FactStatus.SUCCEEDED,
        "FAILED": FactStatus.FAILED,
        "CANCELLED": FactStatus.FAILED,
    }
)
_OUTCOMES: Mapping[str, FactStatus] = MappingProxyType(
    {
        "RESOLVED_BUYER_FAVOUR": FactStatus.LOST,
        "ACCEPTED": FactStatus.LOST,
        "RESOLVED_SELLER_FAVOUR": FactStatus.WON,
        "CANCELED_BY_BUYER": FactStatus.WON,
        "DENIED": FactStatus.WON,
    }
)
_VALUE, _CURRENCY = "amount.value", "amount.currency_code"


def facts_of_order(order: Tree) -> list[Fact]:
    """Return what an order tells. Raises ProviderRefused where it is several payments in one."""
    payments = _unit(order)
    captures = list(tell.listed(payments, "payments.captures"))
    if not captures:
        return [tell.under_way(tell.name(order, "id"))]
    refunds = [refund_fact(each) for each in tell.listed(payments, "payments.refunds")]
    return [*[_capture_fact(each) for each in captures], *refunds]


def facts_of_capture(capture: Tree, *, has_refunds: bool) -> list[Fact]:
    """Return what a capture tells that belongs to no order; it does not list its refunds."""
    fact, status = _capture_fact(capture), capture.get("status")
    if status == "REFUNDED" and not has_refunds:
        total = tell.refund_total(fact.object_id, tell.major(capture, _VALUE, _CURRENCY))
        return [fact, total]
    if status == "PARTIALLY_REFUNDED" and not has_refunds:
        raise left_to_person("refunds are told of, and none is listed")
    return [fact]


def refund_fact(refund: Json) -> Fact:
    """Return how far a refund has come."""
    status = _REFUNDS.get(tell.word(refund, "status"), FactStatus.PENDING)
    money = tell.major(refund, _VALUE, _CURRENCY)
    return tell.refund(tell.name(refund, "id"), status, money, captured_by(refund))


def dispute_fact(dispute: Json, capture_id: str) -> Fact:
    """Return how a dispute stands; one whose outcome is in other words is open."""
    status = FactStatus.OPENED
    if dig(dispute, "status") == "RESOLVED":
        outcome = dig(dispute, "dispute_outcome.outcome_code")
        status = _OUTCOMES.get(str(outcome), FactStatus.OPENED)
    money = tell.major(dispute, "dispute_amount.value", "dispute_amount.currency_code")
    return tell.dispute(tell.name(dispute, "dispute_id"), status, money, capture_id)


def captured_by(refund: Json) -> str:
    """Return the capture that a refund is of, as the link to it says."""
    for link in tell.listed(refund, "links"):
        href = dig(link, "href")
        match = _CAPTURE_LINK.fullmatch(href) if isinstance(href, str) else None
        if dig(link, "rel") == "up" and match:
            return match[1]
    raise PayloadInvalid("the refund names no capture")


def reference_in(order: Tree | None, capture: Tree | None) -> str | None:
    """Return the first word that can be a reference of ours."""
    places = [capture] if order is None else [_unit(order), capture]
    words = [dig(place, name) for place in places for name in ("invoice_id", "custom_id")]
    return next((found for word in words if (found := reference_hint(word))), None)


def _unit(order: Tree) -> Json:
    units = list(tell.listed(order, "purchase_units"))
    if len(units) != 1:
        raise left_to_person("an order has several purchase units, or none")
    return units[0]


def _capture_fact(capture: Json) -> Fact:
    name, status = tell.name(capture, "id"), tell.word(capture, "status")
    if status in _PAID:
        return tell.paid(name, tell.major(capture, _VALUE, _CURRENCY))
    return tell.failed(name) if status in _FAILED else tell.under_way(name)
