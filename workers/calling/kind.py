"""What is the same of all kinds of commands; each kind says only where it differs."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from domain.tries import Asked

if TYPE_CHECKING:
    from domain.asking import Told
    from domain.calls import Next
    from domain.errors import ProviderRefused
    from domain.facts import Fact
    from workers.calling.case import Case
    from workers.clients.client import ProviderClient
    from workers.database import Transaction
    from workers.outcome import Outcome


class Kind:
    """How commands of one kind are performed. Has no state: all of it is in the case."""

    asked: ClassVar[Asked] = Asked.VERIFY
    needs_payment: ClassVar[bool] = True

    def next(self, case: Case, found: Told | None) -> Next:
        """Decide what is to be done; `found` is what the provider has just told of the payment."""
        raise NotImplementedError

    def key(self, case: Case) -> str:
        """Return what names the effect, the same however often it is tried."""
        return f"payratchet:{case.command.reference}:{self.asked}"

    def prepare(self, tx: Transaction, outcome: Outcome, case: Case) -> None:
        """Take up what is so from the moment the provider may have been asked to act."""

    def act(self, client: ProviderClient, case: Case) -> Told:
        """Make the call that the command is for. Not in a transaction."""
        return client.look_up(case.asking())

    def before(self, tx: Transaction, case: Case, told: Told) -> bool:
        """Change what must be changed before the facts of an act count; say whether it was."""
        del tx, case, told
        return False

    def facts(self, tx: Transaction, case: Case, told: Told, *, acted: bool) -> tuple[Fact, ...]:
        """Return the facts that an answer makes."""
        del tx, case, acted
        return told.facts

    def looked(self, tx: Transaction, case: Case) -> None:
        """Take note that the provider was looked up, and that all it told is applied."""

    def refused(self, tx: Transaction, outcome: Outcome, case: Case, why: ProviderRefused) -> bool:
        """Take up what the refusal of the act proves; say whether the command is over by it."""
        del tx, outcome, case, why
        return True

    def refuse(self, tx: Transaction, outcome: Outcome, case: Case, why: str) -> None:
        """Refuse what the command is for, without asking anybody."""

    def finish(self, tx: Transaction, outcome: Outcome, case: Case) -> None:
        """Take up what is so at the end of a command about which nobody was asked."""
