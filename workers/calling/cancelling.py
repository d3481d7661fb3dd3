"""Cancel: end a payment that nobody has paid. Money that is there already wins."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from domain import calls
from domain.calls import CANCELLABLE
from domain.facts import FactKind
from domain.providers.look_ups import LOOK_UPS
from domain.tries import Asked
from workers import history
from workers.calling.kind import Kind
from workers.store import payments

if TYPE_CHECKING:
    from domain.asking import Told
    from domain.calls import Next
    from domain.errors import ProviderRefused
    from domain.facts import Fact
    from workers.calling.case import Case
    from workers.clients.client import ProviderClient
    from workers.database import Transaction
    from workers.outcome import Outcome


class Cancelling(Kind):
    """A payment that was handed over is looked up first, then ended there, then here."""

    asked: ClassVar[Asked] = Asked.CANCEL

    def next(self, case: Case, found: Told | None) -> Next:
        """Look before it is cut off."""
        assert case.known is not None  # noqa: S101 - `needs_payment`
        return calls.cancel(
            case.known.position.state,
            case.tries,
            can_ask=case.client is not None,
            can_cancel=case.client is not None and case.client.can_cancel,
            found=found,
            is_begun_elsewhere=case.command.provider in LOOK_UPS,
        )

    def act(self, client: ProviderClient, case: Case) -> Told:
        """End it there."""
        return client.cancel(case.asking(), key=self.key(case))

    def before(self, tx: Transaction, case: Case, told: Told) -> bool:
        """Cut the facts off, so that its end there is the cancel's doing and no failure."""
        return not _has_money(told) and cancel(tx, case)

    def facts(self, tx: Transaction, case: Case, told: Told, *, acted: bool) -> tuple[Fact, ...]:
        """Let only money count before the payment is cancelled; that it was abandoned is moot."""
        del tx, case
        return told.facts if acted or _has_money(told) else ()

    def refused(self, tx: Transaction, outcome: Outcome, case: Case, why: ProviderRefused) -> bool:
        """Have it looked up again: it may have been paid a moment ago."""
        del tx, outcome, case, why
        return False


def cancel(tx: Transaction, case: Case) -> bool:
    """Cancel the payment here if it can be; say whether it was."""
    known = case.known
    if known is None or known.position.state not in CANCELLABLE:
        return False
    payments.cancel(tx, known, history.cancelled(case.work, known, actor=case.command.actor))
    return True


def _has_money(told: Told) -> bool:
    return any(fact.kind is FactKind.SUCCEEDED for fact in told.facts)
