"""Initialize: hand a payment over to its provider, and learn where it is paid."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from domain import calls, tries
from domain.decide import decide
from domain.facts import Fact, FactKind, FactStatus
from domain.tries import Asked
from workers import healing
from workers.apply import judge_heard
from workers.calling.kind import Kind
from workers.store import dead_letters

if TYPE_CHECKING:
    from domain.asking import Told
    from domain.calls import Next
    from domain.errors import ProviderRefused
    from workers.calling.case import Case
    from workers.clients.client import ProviderClient
    from workers.database import Transaction
    from workers.outcome import Outcome

TAKEN = "the provider has had a payment of this reference before"
"""Why a payment failed whose very first call was refused as a repeat: that one is not ours."""


class Initializing(Kind):
    """From the first attempt on the payment is under way: nobody can know that it is not."""

    asked: ClassVar[Asked] = Asked.INITIALIZE

    def next(self, case: Case, found: Told | None) -> Next:
        """Hand it over once; ask first where that may have happened."""
        assert case.known is not None  # noqa: S101 - `needs_payment`
        return calls.initialize(
            case.known.position.state, case.tries, keys_live_s=case.keys_live_s, found=found
        )

    def prepare(self, tx: Transaction, outcome: Outcome, case: Case) -> None:
        """Note that it is handed over, by whoever asked for that; events that waited come now."""
        if hand_over(outcome, case):
            healing.take_up(tx, dead_letters.of_references(tx, [case.command.reference]))

    def act(self, client: ProviderClient, case: Case) -> Told:
        """Hand it over."""
        return client.initialize(case.asking(), key=self.key(case))

    def refused(self, tx: Transaction, outcome: Outcome, case: Case, why: ProviderRefused) -> bool:
        """Take the refusal for what it proves: there is no payment of ours, and never will be.

        It proves nothing where an earlier call may have made the payment: that is looked up. Where
        none may have, a reference that is taken is somebody else's, and so is its money.
        """
        if tries.is_in_doubt(case.tries, Asked.INITIALIZE):
            return False
        fact = Fact(FactKind.FAILED, case.command.reference, FactStatus.FAILED)
        heard = case.heard((fact,), why=TAKEN if tries.is_taken(why) else "")
        judge_heard(tx, outcome, [case.work], [heard])
        return True


def hand_over(outcome: Outcome, case: Case) -> bool:
    """Take up that the payment is handed over from now on; say whether it was not before."""
    known = case.known
    assert known is not None  # noqa: S101 - `needs_payment`
    fact = Fact(FactKind.INITIALIZED, known.reference, FactStatus.KNOWN)
    change = decide(known.asked, known.position, known.facts, (fact,), version=known.version)
    if change.facts:
        heard, actor = case.heard((fact,)), case.command.actor
        outcome.change(case.work, heard, known, change, is_new_name=False, actor=actor)
    return bool(change.facts)
