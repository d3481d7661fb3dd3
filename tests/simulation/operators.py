"""Operators: they replay what died, twice if they like, and decide what facts leave open."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from domain.correcting import possible
from domain.facts import FactKind
from domain.transitions import State
from tests.simulation.database import MemoryDatabase
from workers import correcting, healing
from workers.history import DecidedBy
from workers.store import payments

if TYPE_CHECKING:
    from random import Random

    from domain.judgement import Known
    from tests.simulation.memory import Memory
    from tests.simulation.schedule import Schedule
    from workers.database import Transaction

DAY_S = 86_400.0


class Operators:
    """What the seed has people do.

    `asks_anew` lets them have a provider asked anew about a payment that was given up before.
    """

    def __init__(
        self, chance: Random, schedule: Schedule, memory: Memory, *, asks_anew: bool
    ) -> None:
        self._chance = chance
        self._schedule = schedule
        self.memory = memory
        self._asks_anew = asks_anew

    def plan(self) -> None:
        while self._chance.random() < 0.6:
            self._schedule.later(self._chance.random() * DAY_S, self.replay)
        if self._chance.random() < 0.3:
            self._schedule.later(self._chance.random() * DAY_S, self._correct)

    def replay(self) -> None:
        """Replay everything that is open: harmless, however often."""
        rows = self.memory.letters.values()
        chosen = [row.letter.event_id for row in rows if row.status == "open"]
        if not chosen:
            return
        with MemoryDatabase(self.memory).transaction() as tx:
            healing.take_up(cast("Transaction", tx), chosen, "to see whether it goes through now")

    def _correct(self) -> None:
        """Decide about a payment in review what its facts leave open."""
        stuck = [row for row in self.memory.payments.values() if row.state == State.REVIEW]
        if not stuck:
            return
        reference = self._chance.choice(stuck).reference
        with MemoryDatabase(self.memory).transaction() as memory:
            tx = cast("Transaction", memory)
            choices = self._choices(payments.lock(tx, [reference])[reference])
            if choices:
                planned = correcting.plan(tx, reference, self._chance.choice(choices))
                by = DecidedBy("operator:ada", None, "as the customer says")
                correcting.write(tx, planned, by)

    def _choices(self, known: Known) -> list[State]:
        was_unheard = any(fact.kind is FactKind.UNHEARD for fact in known.facts)
        if was_unheard and not self._asks_anew:
            return [state for state in possible(known) if state is not State.PROCESSING]
        return possible(known)
