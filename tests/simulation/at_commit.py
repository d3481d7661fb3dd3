"""What must hold after every single commit, whatever is still under way."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import TYPE_CHECKING

from domain.audit import canonical
from domain.commands import INTERNAL
from domain.facts import FactKind
from domain.ledger import CUSTOMER_PREFIX, customer_credit
from tests.simulation.twins.payments import ENFORCED
from tests.simulation.violations import require
from workers import history
from workers.store import corrections

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.simulation.memory import Memory, Undo
    from tests.simulation.provider import Provider
    from tests.simulation.rows import PaymentRow, RefundRow
    from workers.store.payments import Step

LEGAL = {(edge.from_state, edge.event, edge.to_state) for edge in ENFORCED}
SPENDING = ("sms_debit", "refund_hold")
CAPTURE = ("capture", "capture_adjustment")


class AtCommit:
    """Looks at what a transaction has changed."""

    def __init__(self, memory: Memory, provider: Provider) -> None:
        self._memory = memory
        self._provider = provider

    def look(self, journal: list[Undo]) -> None:
        memory, payments = self._memory, dict[int, None]()
        for table, key, _ in journal:
            if table is memory.payments:
                payments[memory.payments[key].id] = None  # type: ignore[index]
            elif table is memory.books:
                self._money_balances(key)  # type: ignore[arg-type]
            elif table is memory.refunds:
                refund = memory.refunds[key]  # type: ignore[index]
                self._never_failed_unknown(refund)
                payments[refund.payment_id] = None
        for payment_id in payments:
            self.look_at(memory.payments[payment_id])

    def look_at(self, row: PaymentRow) -> None:
        """Look at one payment as a whole."""
        self._history_goes_on(row)
        self._facts_are_once(row)
        self._nothing_is_made_up(row)
        self._is_credited_once(row)
        self._refunds_are_within_capture(row)

    def _money_balances(self, name: tuple[int | None, str, str]) -> None:
        row = self._memory.books[name]
        sums: Counter[str] = Counter()
        for leg in row.legs:
            sums[leg.currency] += leg.amount_minor
        require(not any(sums.values()), "I4 legs sum to zero", f"{name}: {dict(sums)}")
        if row.effect in SPENDING:
            for leg in row.legs:
                owner = (leg.account.removeprefix(CUSTOMER_PREFIX), leg.currency)
                balance = self._memory.balances.get(owner)
                within = balance is None or balance.balance_minor >= 0
                require(within, "I17 nobody spends what they do not have", f"{name}: {balance}")

    def _history_goes_on(self, row: PaymentRow) -> None:
        """Versions have no gap, each step is legal and begins where the one before it ended."""
        steps = self._memory.steps.get(row.id, ())
        state, head = "pending", row.genesis
        for version, step in enumerate(steps, start=1):
            where = f"{row.reference} version {step.version}"
            require(step.version == version, "I7 versions are gap-free", where)
            require(step.from_state == state, "I7 each step begins at the last", where)
            is_legal = (step.from_state, step.event, step.to_state) in LEGAL
            require(is_legal, "I6 no illegal step", where)
            require(step.prev_hash == head, "I8 the chain is whole", where)
            state, head = step.to_state, step.hash
        if steps:
            require(self._seal(steps[-1]) == head, "I8 the chain is whole", row.reference)
        require(row.state == state, "I7 a payment stands at its last step", row.reference)

    def _seal(self, step: Step) -> bytes:
        fields = history.audit_fields(step)
        for decision in self._memory.decisions.get(step.payment_id, ()):
            if decision.version == step.version:
                fields += corrections.sealed_fields(decision)
        return hashlib.sha256(step.prev_hash + canonical(fields)).digest()

    def _facts_are_once(self, row: PaymentRow) -> None:
        facts = self._memory.facts.get(row.id, ())
        keys = {fact.key for fact in facts}
        require(len(keys) == len(facts), "I3 a fact is applied once", row.reference)

    def _nothing_is_made_up(self, row: PaymentRow) -> None:
        """That a payment failed is never our own guess while it may yet be there."""
        if not any(
            fact.kind is FactKind.FAILED and fact.object_id == row.reference
            for fact in self._memory.facts.get(row.id, ())
        ):
            return
        owed = self._memory.dedup.get((INTERNAL, "default", f"initialize:{row.reference}"))
        is_owed = owed in self._memory.work
        where = f"{row.reference}: failed, says nobody"
        require(not is_owed, "I16 unknown is never final", f"{where}, and it is yet to be begun")
        deal = self._provider.deals.get(row.reference)
        is_there = deal is not None and not deal.is_foreign
        require(not is_there, "I16 unknown is never final", where)

    def _never_failed_unknown(self, refund: RefundRow) -> None:
        theirs = [
            each
            for deal in self._provider.deals.values()
            for each in deal.refunds.values()
            if each.asked_as == refund.reference
        ]
        require(len(theirs) < 2, "I15 one effect per intent", f"{refund.reference} made twice")
        if refund.status == "failed" and theirs:
            is_so = theirs[0].status == "failed"
            require(is_so, "I16 unknown is never final", f"{refund.reference} is under way there")
        if refund.status == "succeeded":
            require(bool(theirs), "I5 a refund is made there", f"{refund.reference} never was")

    def _is_credited_once(self, row: PaymentRow) -> None:
        """A payment credits its customer with what was asked, or with nothing."""
        if row.corrected:
            return
        credit = self.credited_minor(row)
        fits = credit in ({}, {row.amount.currency: row.amount.amount_minor})
        require(fits, "I5 a payment credits once, what was asked", f"{row.reference}: {credit}")
        if row.cancelled:
            require(not credit, "I5 what was cancelled credits nobody", row.reference)

    def credited_minor(self, row: PaymentRow) -> dict[str, int]:
        account = customer_credit(row.customer_id)
        return _net(self._memory, row.id, CAPTURE, account)

    def _refunds_are_within_capture(self, row: PaymentRow) -> None:
        asked = [r for r in self._memory.refunds.values() if r.payment_id == row.id]
        live = sum(r.amount.amount_minor for r in asked if r.status != "failed")
        captured = sum(
            fact.amount.amount_minor
            for fact in self._memory.facts.get(row.id, ())
            if fact.kind is FactKind.SUCCEEDED and fact.amount is not None
        )
        require(live <= captured, "I17 refunds are within capture", f"{row.reference}: {live}")


def _net(
    memory: Memory, payment_id: int | None, effects: Iterable[str], account: str
) -> dict[str, int]:
    found: Counter[str] = Counter()
    for (of, effect, _), row in memory.books.items():
        if of == payment_id and effect in effects:
            for leg in row.legs:
                if leg.account == account:
                    found[leg.currency] += leg.amount_minor
    return {currency: minor for currency, minor in found.items() if minor}


def customers_minor(memory: Memory) -> dict[tuple[str, str], int]:
    """Return what the ledger says that each customer has, by currency."""
    found: Counter[tuple[str, str]] = Counter()
    for row in memory.books.values():
        for leg in row.legs:
            if leg.account.startswith(CUSTOMER_PREFIX):
                owner = leg.account.removeprefix(CUSTOMER_PREFIX)
                found[owner, leg.currency] += leg.amount_minor
    return found
