"""Verify: ask what became of a payment, and take it as if a webhook had told it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from domain import calls
from domain.commands import Command, CommandKind
from domain.facts import Fact, FactKind, FactStatus
from domain.transitions import State
from workers import refetching
from workers.calling.kind import Kind
from workers.store import provider_calls

if TYPE_CHECKING:
    from domain.asking import Told
    from domain.calls import Next
    from workers.calling.case import Case
    from workers.database import Transaction


class Verifying(Kind):
    """Also of payments that nobody announced: their money is then held in suspense."""

    needs_payment: ClassVar[bool] = False

    def next(self, case: Case, found: Told | None) -> Next:
        """Ask once."""
        del case
        return calls.verify(found)

    def facts(self, tx: Transaction, case: Case, told: Told, *, acted: bool) -> tuple[Fact, ...]:
        """Add the proof that a payment failed which its provider has never heard of.

        That is no proof while the payment may yet be handed over, or certainly was.
        """
        del acted
        if told.is_known or case.known is None or case.known.position.state != State.PROCESSING:
            return told.facts
        command = case.command
        hands_over = Command(
            CommandKind.INITIALIZE, command.provider, command.account, command.reference, ""
        )
        if provider_calls.may_exist(tx, case.debt, initialize_key=hands_over.key):
            return told.facts
        return (*told.facts, Fact(FactKind.FAILED, command.reference, FactStatus.FAILED))

    def looked(self, tx: Transaction, case: Case) -> None:
        """Let go of the event that could not be understood without asking."""
        refetching.answered(tx, case.command)
