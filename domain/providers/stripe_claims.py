"""What Stripe's events claim, by type.

A capture is named by its PaymentIntent wherever there is one, so that an intent, its charge and
its checkout session, which all tell of the same money, make one fact.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from domain.errors import PayloadInvalid, RefetchRequired
from domain.facts import Fact, FactKind, FactStatus
from domain.providers.amounts import from_wire
from domain.providers.shapes import read
from domain.providers.stripe_objects import (
    DECIMALS,
    Charge,
    Dispute,
    Intent,
    PaidSession,
    Refund,
    RefundedCharge,
    Session,
    SucceededCharge,
    SucceededIntent,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from domain.money import Money
    from domain.providers.paths import Json

    Claims = Callable[[Json, int | None], tuple[Fact, ...]]

_REFUND_STATUSES = {
    "pending": FactStatus.PENDING,
    "requires_action": FactStatus.PENDING,
    "succeeded": FactStatus.SUCCEEDED,
    "failed": FactStatus.FAILED,
    "canceled": FactStatus.FAILED,
}
_DISPUTE_ENDS = {
    "won": FactStatus.WON,
    "warning_closed": FactStatus.WON,
    "lost": FactStatus.LOST,
}


def _money(amount: int, currency: str) -> Money:
    return from_wire(amount, currency.upper(), DECIMALS)


def _success(capture_id: str, amount: Money, at_s: int | None) -> tuple[Fact, ...]:
    return (Fact(FactKind.SUCCEEDED, capture_id, FactStatus.SUCCEEDED, amount, at_s=at_s),)


def _failure(capture_id: str, at_s: int | None) -> tuple[Fact, ...]:
    return (Fact(FactKind.FAILED, capture_id, FactStatus.FAILED, at_s=at_s),)


def _intent_processing(about: Json, at_s: int | None) -> tuple[Fact, ...]:
    intent = read(Intent, about)
    return (Fact(FactKind.INITIALIZED, intent.id, FactStatus.KNOWN, at_s=at_s),)


def _intent_succeeded(about: Json, at_s: int | None) -> tuple[Fact, ...]:
    intent = read(SucceededIntent, about)
    received = _money(intent.amount_received or intent.amount, intent.currency)
    return _success(intent.id, received, at_s)


def _intent_failed(about: Json, at_s: int | None) -> tuple[Fact, ...]:
    return _failure(read(Intent, about).id, at_s)


def _charge_succeeded(about: Json, at_s: int | None) -> tuple[Fact, ...]:
    """Make nothing of a charge that is only authorized: no money has moved."""
    charge = read(SucceededCharge, about)
    if not charge.captured:
        return ()
    captured = _money(charge.amount_captured or charge.amount, charge.currency)
    return _success(charge.capture_id, captured, at_s)


def _charge_failed(about: Json, at_s: int | None) -> tuple[Fact, ...]:
    return _failure(read(Charge, about).capture_id, at_s)


def _session_paid(about: Json, at_s: int | None) -> tuple[Fact, ...]:
    """Completed is not paid: some methods take days. Without an intent another event has it."""
    if read(Session, about).payment_status != "paid":
        return ()
    session = read(PaidSession, about)
    amount = _money(session.amount_total, session.currency)
    if session.payment_intent is None:
        msg = "a checkout session is paid but names no payment_intent"
        raise RefetchRequired(msg)
    return _success(session.payment_intent, amount, at_s)


def _session_failed(about: Json, at_s: int | None) -> tuple[Fact, ...]:
    session = read(Session, about)
    return _failure(session.payment_intent or session.id, at_s)


def _charge_refunded(about: Json, at_s: int | None) -> tuple[Fact, ...]:
    """Take the refunds one by one where all are there, else the cumulative total.

    Until API version 2025-03-31 an authorization that is let go is told as a refund too, in whole
    or for the part that was not captured: no money of that was ever ours.
    """
    charge = read(RefundedCharge, about)
    if not charge.captured:
        return ()
    if charge.is_captured_in_part:
        raise RefetchRequired("what was given back and what was never captured look alike")
    listed = charge.refunds
    if listed is not None and listed.data and not listed.has_more:
        return tuple(_refund_fact(refund, charge.capture_id, at_s) for refund in listed.data)
    total = _money(charge.amount_refunded, charge.currency)
    return (
        Fact(
            FactKind.REFUND_TOTAL,
            charge.capture_id,
            FactStatus.SUCCEEDED,
            total,
            capture_id=charge.capture_id,
            at_s=at_s,
        ),
    )


def _refund(about: Json, at_s: int | None) -> tuple[Fact, ...]:
    refund = read(Refund, about)
    return (_refund_fact(refund, refund.payment_intent or refund.charge, at_s),)


def _refund_fact(refund: Refund, capture_id: str | None, at_s: int | None) -> Fact:
    amount = _money(refund.amount, refund.currency)
    status = _REFUND_STATUSES[refund.status]
    return Fact(FactKind.REFUND, refund.id, status, amount, capture_id=capture_id, at_s=at_s)


def _dispute_open(about: Json, at_s: int | None) -> tuple[Fact, ...]:
    return (_dispute_fact(read(Dispute, about), FactStatus.OPENED, at_s),)


def _dispute_closed(about: Json, at_s: int | None) -> tuple[Fact, ...]:
    dispute = read(Dispute, about)
    if dispute.status not in _DISPUTE_ENDS:
        msg = f"not an end of a dispute we know: {dispute.status!r:.40}"
        raise PayloadInvalid(msg)
    return (_dispute_fact(dispute, _DISPUTE_ENDS[dispute.status], at_s),)


def _dispute_fact(dispute: Dispute, status: FactStatus, at_s: int | None) -> Fact:
    return Fact(
        FactKind.DISPUTE,
        dispute.id,
        status,
        _money(dispute.amount, dispute.currency),
        capture_id=dispute.payment_intent or dispute.charge,
        at_s=at_s,
    )


CLAIMS: Mapping[str, Claims] = MappingProxyType(
    {
        "payment_intent.processing": _intent_processing,
        "payment_intent.succeeded": _intent_succeeded,
        "payment_intent.payment_failed": _intent_failed,
        "payment_intent.canceled": _intent_failed,
        "charge.succeeded": _charge_succeeded,
        "charge.captured": _charge_succeeded,
        "charge.failed": _charge_failed,
        "charge.refunded": _charge_refunded,
        "charge.refund.updated": _refund,
        "refund.created": _refund,
        "refund.updated": _refund,
        "refund.failed": _refund,
        "charge.dispute.created": _dispute_open,
        "charge.dispute.updated": _dispute_open,
        "charge.dispute.closed": _dispute_closed,
        "checkout.session.completed": _session_paid,
        "checkout.session.async_payment_succeeded": _session_paid,
        "checkout.session.async_payment_failed": _session_failed,
        "checkout.session.expired": _session_failed,
    }
)
"""Of each type we use, how to make facts of `data.object`; any other type makes none."""
