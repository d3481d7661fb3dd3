"""The work on one event: one transaction, the payment's row locked first, then the account's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from textbook.database import Session
from textbook.models import (
    Account,
    CreditTransaction,
    LedgerEntry,
    Payment,
    PaymentTransition,
    WebhookEvent,
)

if TYPE_CHECKING:
    from sqlalchemy.orm import Session as OpenSession

STATE_OF = {"charge.success": "succeeded", "charge.failed": "failed"}
ALLOWED = {
    "pending": {"succeeded", "failed"},
    "failed": {"succeeded"},
    "succeeded": {"refunded"},
    "refunded": set[str](),
}


def apply_event(event_id: int) -> None:
    """Apply a stored event; once it is processed, do nothing."""
    with Session.begin() as session:
        event = session.get_one(WebhookEvent, event_id)
        if event.processed_at is not None:
            return
        event.outcome = _apply(session, event)
        event.processed_at = func.now()


def _apply(session: OpenSession, event: WebhookEvent) -> str:
    data = event.payload["data"]
    payment = session.scalar(
        select(Payment).where(Payment.reference == data["reference"]).with_for_update()
    )
    if payment is None:
        return "payment unknown"
    state = STATE_OF.get(event.type)
    if state is None or state not in ALLOWED[payment.state]:
        return "not allowed"
    if (data["amount"], data["currency"]) != (payment.amount_minor, payment.currency):
        return "amount differs"
    session.add(
        PaymentTransition(
            payment_id=payment.id, event_id=event.id, from_state=payment.state, to_state=state
        )
    )
    payment.state = state
    if state == "succeeded":
        _credit(session, payment)
    return "applied"


def _credit(session: OpenSession, payment: Payment) -> None:
    account = session.scalars(
        select(Account).where(Account.id == payment.account_id).with_for_update()
    ).one()
    credit = CreditTransaction(
        payment_id=payment.id, account_id=account.id, amount_minor=payment.amount_minor
    )
    session.add(credit)
    session.flush()
    session.add_all(
        [
            LedgerEntry(
                credit_id=credit.id, book="clearing:paystack", amount_minor=payment.amount_minor
            ),
            LedgerEntry(
                credit_id=credit.id, book=account.customer, amount_minor=-payment.amount_minor
            ),
        ]
    )
    account.balance_minor += payment.amount_minor
