"""What follows from an event: one payment is settled and its customer's account credited, once.

dj-stripe calls this inside the transaction that stores the event.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from djstripe.event_handlers import djstripe_receiver

from shop.payments.models import (
    Account,
    CreditTransaction,
    LedgerEntry,
    Payment,
    PaymentTransition,
)

if TYPE_CHECKING:
    from djstripe.models import Event

ALLOWED = {
    "pending": {"succeeded", "failed"},
    "failed": {"succeeded"},
    "succeeded": {"refunded"},
    "refunded": set[str](),
}


@djstripe_receiver("customer_cash_balance_transaction.created")
def money_arrived(event: Event, **_: Any) -> None:
    """A customer's bank transfer arrived; its reference says which payment it settles."""
    transfer = event.data["object"]
    if transfer["type"] != "funded":
        return
    reference = transfer["funded"]["bank_transfer"]["reference"]
    try:
        payment = Payment.objects.select_for_update().get(reference=reference)
    except Payment.DoesNotExist:
        return
    if "succeeded" not in ALLOWED[payment.state]:
        return
    if (transfer["net_amount"], transfer["currency"].upper()) != (
        payment.amount_minor,
        payment.currency,
    ):
        return
    PaymentTransition.objects.create(
        payment=payment, stripe_event=event.id, from_state=payment.state, to_state="succeeded"
    )
    payment.state = "succeeded"
    payment.save(update_fields=["state", "updated_at"])
    _credit(payment)


def _credit(payment: Payment) -> None:
    account = Account.objects.select_for_update().get(id=payment.account_id)
    credit = CreditTransaction.objects.create(
        payment=payment, account=account, amount_minor=payment.amount_minor
    )
    LedgerEntry.objects.bulk_create(
        [
            LedgerEntry(credit=credit, book="clearing:stripe", amount_minor=payment.amount_minor),
            LedgerEntry(credit=credit, book=account.customer, amount_minor=-payment.amount_minor),
        ]
    )
    account.balance_minor += payment.amount_minor
    account.save(update_fields=["balance_minor"])
