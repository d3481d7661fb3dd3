"""The door of internal services: keyed requests, each answered in the transaction that does it.

It follows the rules of `ingress/api`, whose statements need Postgres; what it decides by is the
domain's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain import audit, ledger
from domain.announcement import Announcement, genesis_fields
from domain.calls import NOT_REFUNDABLE
from domain.commands import Command, CommandKind
from domain.ledger import Leg, Movement, customer_credit
from domain.money import Money
from domain.refunds import hold
from domain.transitions import State
from tests.simulation.rows import KeptAnswer, PaymentRow, RefundRow
from tests.simulation.words import ACCOUNT, SOURCE
from workers import commands
from workers.store import balances
from workers.store import ledger as stored

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.simulation.memory import Memory

CLIENT = "shop"


class Api:
    """What services may ask for. Every method acts in the caller's transaction."""

    def once(self, tx: Memory, key: str, fingerprint: str, act: Callable[[Memory], str]) -> str:
        """Answer as the first time where the key was used before; 422 where it was for another."""
        kept = tx.answers.get((CLIENT, key))
        if kept is not None:
            return kept.answer if kept.fingerprint == fingerprint else "422"
        answer = act(tx)
        tx.put(tx.answers, (CLIENT, key), KeptAnswer(fingerprint, answer))
        return answer

    def pay(
        self, tx: Memory, reference: str, customer_id: str, amount: Money, *, hands_over: bool
    ) -> str:
        """Announce a payment, and have it handed over where that is ours to do."""
        if reference in tx.ids:
            return "409 reference_in_use"
        told = Announcement(reference, SOURCE, amount, customer_id, ACCOUNT, CLIENT)
        genesis = audit.genesis(genesis_fields(told, f"client:{CLIENT}"))
        payment_id = tx.fresh_id()
        row = PaymentRow(
            payment_id, reference, CLIENT, customer_id, SOURCE, ACCOUNT, amount, genesis, genesis
        )
        tx.put(tx.payments, payment_id, row)
        tx.put(tx.ids, reference, payment_id)
        if hands_over:
            self._command(tx, CommandKind.INITIALIZE, reference)
        return f"201 {reference}"

    def cancel(self, tx: Memory, reference: str) -> str:
        row = tx.payments[tx.ids[reference]]
        if State(row.state) not in (State.PENDING, State.PROCESSING):
            return "409 transition_illegal"
        self._command(tx, CommandKind.CANCEL, reference)
        return f"202 {reference}"

    def verify(self, tx: Memory, reference: str) -> str:
        number = str(int(tx.clock.now_s))
        self._command(tx, CommandKind.VERIFY, reference, number=number)
        return f"202 {reference}"

    def refund(self, tx: Memory, reference: str, amount_minor: int) -> str:
        """Take up a refund within what was captured and what the customer has, and hold it."""
        row = tx.payments[tx.ids[reference]]
        if State(row.state) in NOT_REFUNDABLE:
            return "409 transition_illegal"
        if amount_minor > self.left_minor(tx, row):
            return "409 refund_exceeds_capture"
        if self.balance_minor(tx, row.customer_id, row.amount.currency) < amount_minor:
            return "402 insufficient_credit"
        amount = Money(row.amount.currency, amount_minor)
        refund = f"rf{tx.fresh_id()}"
        tx.put(tx.refunds, refund, RefundRow(refund, row.id, CLIENT, amount))
        [event_id] = self._command(tx, CommandKind.REFUND, reference, refund=refund)
        posting = stored.Posting(
            hold(refund, row.customer_id, amount),
            None,
            event_id,
            tx.clock.now(),
            "refund_hold",
            f"{refund}:hold",
            CLIENT,
            about_id=row.id,
        )
        stored.prepare(tx, [posting]).write(tx)  # type: ignore[arg-type]
        return f"202 {refund}"

    def left_minor(self, tx: Memory, row: PaymentRow) -> int:
        """Return what may still be asked back: the rule of the trigger `refunds_within_capture`."""
        asked = [each for each in tx.refunds.values() if each.payment_id == row.id]
        live = sum(each.amount.amount_minor for each in asked if each.status != "failed")
        done = sum(each.amount.amount_minor for each in asked if each.status == "succeeded")
        return row.captured_minor - max(0, row.refunded_minor - done) - live

    def spend(self, tx: Memory, customer_id: str, amount: Money) -> str:
        """Take credit for a message, as far as there is any."""
        if self.balance_minor(tx, customer_id, amount.currency) < amount.amount_minor:
            return "402 insufficient_credit"
        name = f"sms{tx.fresh_id()}"
        credit = Leg(customer_credit(customer_id), -amount.amount_minor, amount.currency)
        revenue = Leg(ledger.SMS_REVENUE, amount.amount_minor, amount.currency)
        movement = Movement("sms_debit", name, (credit, revenue))
        posting = stored.Posting(movement, None, None, tx.clock.now(), "sms_debit", name, CLIENT)
        stored.prepare(tx, [posting]).write(tx)  # type: ignore[arg-type]
        return f"201 {name}"

    def balance_minor(self, tx: Memory, customer_id: str, currency: str) -> int:
        owner = (customer_id, currency)
        return balances.lock(tx, {owner})[owner].balance_minor  # type: ignore[arg-type]

    def _command(
        self,
        tx: Memory,
        kind: CommandKind,
        reference: str,
        *,
        number: str = "",
        refund: str | None = None,
    ) -> list[int]:
        actor = f"client:{CLIENT}"
        command = Command(kind, SOURCE, ACCOUNT, reference, actor, number=number, refund=refund)
        return commands.enqueue(tx, [command], request_id="simulated")  # type: ignore[arg-type]
