"""A payment that facts and people move, and what the ledger then says."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from domain import ledger
from domain.audit import genesis
from domain.correcting import correct, net
from domain.fold import fold
from domain.judgement import Known
from domain.transitions import LEGAL, State
from tests.domain.histories import (
    ASKED,
    Played,
)

if TYPE_CHECKING:
    from domain.correcting import Corrected
    from domain.facts import Fact
    from domain.payment import Asked


CREDIT = ledger.customer_credit("ada")
MONEYLESS = (State.PENDING, State.PROCESSING, State.FAILED, State.CANCELLED)
CANCELLED = replace(ASKED, cancelled=True)


class Guided(Played):
    """A payment that facts and people move, with every rule of posting held at every step."""

    def known(self) -> Known:
        return Known(
            1,
            "p1",
            self.asked,
            "default",
            len(self.changes),
            genesis([]),
            tuple(self.facts),
            self.position,
        )

    def correct(self, to_state: State) -> Corrected:
        corrected = correct(self.known(), to_state)
        change = corrected.change
        self.asked = corrected.asked
        self.changes.append(change)
        self.position = change.after
        for movement in change.movements:
            name = (movement.effect, movement.object_id)
            assert name not in self.names, f"{name} is posted twice"
            self.names.add(name)
            for leg in movement.legs:
                self.posted[leg.account, leg.currency] += leg.amount_minor
        return corrected

    def check(self) -> None:
        """Hold what was posted and where it stands against what the fold says of all facts."""
        assert self.position == fold(self.asked, self.facts)
        assert {k: v for k, v in self.posted.items() if v} == net(self.position)
        for change in self.changes:
            assert LEGAL.issuperset(change.edges)
            for movement in change.movements:
                sums: Counter[str] = Counter()
                for leg in movement.legs:
                    sums[leg.currency] += leg.amount_minor
                assert not any(sums.values())
        edges = [edge for change in self.changes for edge in change.edges]
        assert [e.from_state for e in edges[1:]] == [e.to_state for e in edges[:-1]]

    def state(self) -> State:
        return self.position.state

    def credit_minor(self, currency: str = "NGN") -> int:
        return self.posted[CREDIT, currency]


def lived(*history: Fact, asked: Asked = ASKED) -> Guided:
    """Return a payment to which all this has happened."""
    played = Guided(asked=asked, position=fold(asked, ()))
    for fact in history:
        played.hear(fact)
    return played
