"""Spend customers' credit, and give it back. A debit never takes a balance below zero."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.errors import Refused
from domain.ledger import SMS_REVENUE, Leg, Movement, customer_credit
from domain.payment import REFERENCE
from workers.store import balances, housekeeping, ledger, statement

if TYPE_CHECKING:
    from uuid import UUID

    from domain.money import Money
    from workers.database import Database


class InsufficientCredit(Refused):
    """The customer has less than the debit would take."""

    code = "insufficient_credit"
    http_status = 402
    title = "The customer's credit is too small"


class ReferenceRefused(Refused):
    """The reference has characters that only our own movements' references have."""

    code = "validation_failed"
    http_status = 422
    title = "The reference is not of the accepted form"


class AlreadyReversed(Refused):
    """The debit has been given back before."""

    code = "already_reversed"
    http_status = 409
    title = "The debit has been reversed already"


class DebitUnknown(Refused):
    """There is no debit of this reference."""

    code = "payment_unknown"
    http_status = 404
    title = "There is no such debit"


@dataclass(frozen=True, slots=True)
class Debit:
    """Credit to be spent. `reference` is unique: repeating it cannot spend twice."""

    reference: str
    customer_id: str
    amount: Money
    client_id: str
    idempotency_key: UUID | None = None
    service: str | None = None
    description: str | None = None


def debit(database: Database, wanted: Debit) -> None:
    """Spend the credit.

    The balance is read under its row lock, so concurrent debits take turns. Raises
    InsufficientCredit, ReferenceRefused, and psycopg.errors.UniqueViolation when the reference is
    used already; nothing is then changed.
    """
    owner = (wanted.customer_id, wanted.amount.currency)
    if not REFERENCE.fullmatch(wanted.reference):
        raise ReferenceRefused(f"a reference must match {REFERENCE.pattern}")
    with database.transaction() as tx:
        if balances.lock(tx, [owner])[owner].balance_minor < wanted.amount.amount_minor:
            raise InsufficientCredit(f"{wanted.customer_id} in {wanted.amount.currency}")
        posting = ledger.Posting(
            _spend(wanted),
            None,
            None,
            housekeeping.now(tx),
            kind="sms_debit",
            reference=wanted.reference,
            client_id=wanted.client_id,
            idempotency_key=wanted.idempotency_key,
            service=wanted.service,
            description=wanted.description,
        )
        ledger.post(tx, [posting])


def _spend(wanted: Debit) -> Movement:
    amount_minor, currency = wanted.amount.amount_minor, wanted.amount.currency
    legs = (
        Leg(customer_credit(wanted.customer_id), -amount_minor, currency),
        Leg(SMS_REVENUE, amount_minor, currency),
    )
    return Movement("sms_debit", wanted.reference, legs)


def reverse(database: Database, reference: str, *, client_id: str) -> None:
    """Give a debit back, once. Raises DebitUnknown or AlreadyReversed; nothing is then changed."""
    with database.transaction() as tx:
        spent = statement.debit(tx, reference)
        if spent is None:
            raise DebitUnknown(reference)
        balances.lock(tx, [(spent.customer_id, spent.currency)])
        if statement.is_reversed(tx, spent.id):
            raise AlreadyReversed(reference)
        legs = (
            Leg(customer_credit(spent.customer_id), spent.amount_minor, spent.currency),
            Leg(SMS_REVENUE, -spent.amount_minor, spent.currency),
        )
        posting = ledger.Posting(
            Movement("sms_reversal", reference, legs),
            None,
            None,
            housekeeping.now(tx),
            kind="sms_reversal",
            reference=f"{reference}:reversal",
            client_id=client_id,
            reverses_id=spent.id,
        )
        ledger.post(tx, [posting])
