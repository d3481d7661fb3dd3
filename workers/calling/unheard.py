"""Unheard: a payment of which nothing was heard to the end of its schedule goes to a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.calls import FINISH
from domain.decide import decide
from domain.transitions import State
from workers.calling.case import unheard
from workers.calling.kind import Kind

if TYPE_CHECKING:
    from domain.asking import Told
    from domain.calls import Next
    from workers.calling.case import Case
    from workers.database import Transaction
    from workers.outcome import Outcome


class Unheard(Kind):
    """Silence proves nothing: the payment is to be looked at, and has never failed by it."""

    def next(self, case: Case, found: Told | None) -> Next:
        """Ask nobody: all asking was in vain."""
        del case, found
        return FINISH

    def finish(self, tx: Transaction, outcome: Outcome, case: Case) -> None:
        """Note the silence, unless something was heard after all."""
        del tx
        known = case.known
        if known is None or known.position.state != State.PROCESSING:
            return
        fact = unheard(case)
        change = decide(known.asked, known.position, known.facts, (fact,), version=known.version)
        heard, actor = case.heard((fact,)), case.command.actor
        if change.facts:
            outcome.change(case.work, heard, known, change, is_new_name=False, actor=actor)
