"""Settle refunds: what a provider gives back is taken for one that was asked through us.

In the transaction that posts the refund the held credit is released, so that the customer is
debited once; a refund that failed only releases it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.commands import Command, CommandKind
from domain.facts import FactKind
from domain.refunds import SENT, match, release
from workers import commands
from workers.store import dead_letters, ledger, refunds

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from domain.asking import ToldRefund
    from domain.judgement import Known
    from domain.refunds import Matched
    from workers.database import Transaction
    from workers.outcome import Outcome
    from workers.store.inbox import Work

ABOUT_REFUNDS = frozenset({FactKind.REFUND, FactKind.REFUND_TOTAL})

WHOSE = "whose-"
"""What a look-up's number begins with that asks whose refund an event told of; its id follows."""


def settle_heard(
    tx: Transaction, outcome: Outcome, work: Sequence[Work], known: Iterable[Known]
) -> None:
    """Settle what the new facts of a batch explain; asks nothing where none is about refunds.

    Where they may be of an open refund of ours, but have names that nobody knows as ours, the
    provider is asked whose they are.
    """
    about = {f.payment_id: f.event_id for f in outcome.facts if f.kind in ABOUT_REFUNDS}
    if not about:
        return
    by_event = {item.event_id: item for item in work}
    asked = refunds.of_payments(tx, sorted(about))
    for payment in known:
        if payment.payment_id in asked:
            item = by_event[about[payment.payment_id]]
            ours = asked[payment.payment_id]
            matched = match([each.refund for each in ours], payment.facts)
            write(tx, outcome, item, payment, ours, matched)
            _ask_whose(tx, outcome, item, payment, ours, matched)


def _ask_whose(  # noqa: PLR0917 - as `write`
    tx: Transaction,
    outcome: Outcome,
    item: Work,
    payment: Known,
    ours: Sequence[refunds.Asked],
    matched: Matched,
) -> None:
    """Order a look-up where new objects of unknown names have ended while a refund is open."""
    settled = {each.reference for each in matched.settled}
    if not any(
        each.refund.status == SENT and each.refund.reference not in settled for each in ours
    ):
        return
    ended = {
        fact.object_id
        for fact in outcome.facts
        if fact.payment_id == payment.payment_id and fact.kind in ABOUT_REFUNDS
    }
    if ended & matched.strangers:
        command = Command(
            CommandKind.VERIFY,
            payment.asked.provider,
            payment.account,
            payment.reference,
            dead_letters.SYSTEM,
            number=f"{WHOSE}{item.event_id}",
        )
        commands.enqueue(tx, [command], request_id=item.request_id)


def settle_told(
    tx: Transaction, outcome: Outcome, work: Work, known: Known, told: Sequence[ToldRefund]
) -> None:
    """Settle what the provider has just told of a payment's refunds."""
    asked = refunds.of_payments(tx, [known.payment_id])
    if known.payment_id in asked:
        ours = asked[known.payment_id]
        matched = match([each.refund for each in ours], known.facts, told)
        write(tx, outcome, work, known, ours, matched)


def write(  # noqa: PLR0917 - one call, seen from two sides
    tx: Transaction,
    outcome: Outcome,
    work: Work,
    known: Known,
    asked: Sequence[refunds.Asked],
    matched: Matched,
) -> None:
    """Write what has become of refunds, and have the credit held for them released."""
    refunds.change(tx, matched)
    by_reference = {each.refund.reference: each for each in asked}
    released = [
        _released(work, known, by_reference[settled.reference]) for settled in matched.settled
    ]
    outcome.postings[:0] = released
    if matched.settled or matched.named:
        outcome.told.add(known.reference)


def _released(work: Work, known: Known, asked: refunds.Asked) -> ledger.Posting:
    refund = asked.refund
    return ledger.Posting(
        release(refund.reference, known.asked.customer_id, refund.amount),
        None,
        work.event_id,
        work.now,
        "refund_release",
        f"{refund.reference}:release",
        asked.client_id,
        about_id=known.payment_id,
    )


def reread(tx: Transaction, asked: refunds.Asked) -> refunds.Asked:
    """Return the refund as it is now."""
    found = refunds.of_payments(tx, [asked.payment_id])[asked.payment_id]
    return next(each for each in found if each.refund.reference == asked.refund.reference)
