"""The post: what the provider tells arrives at least once, late, twice and out of order."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from domain.delivery import Hearsay, Hint, Mode, ProviderEvent
from domain.errors import PayloadInvalid, RefetchRequired
from domain.facts import FactKind
from domain.wakeup import Lane
from tests.simulation.database import Fault, MemoryDatabase, WorkerDied
from tests.simulation.words import ACCOUNT, SOURCE, WORDS, Message
from workers.store.references import Named

if TYPE_CHECKING:
    from random import Random

    from tests.simulation.memory import Memory
    from tests.simulation.schedule import Schedule

LATE_S_MAX = 80 * 3600.0
"""How late a delivery may be: longer than any provider repeats what was not taken."""

REPEAT_S = 120.0
"""How long the provider waits for a 2xx before it sends again."""

INGRESS_FAULTS = (Fault.AWAY, Fault.DIES_BEFORE, Fault.REPLY_LOST, Fault.DIES_AFTER)


class Post:
    """Delivers messages to a door that keeps each key once, and answers after the commit.

    `lies_first` lets it tell of money as another payment's before anybody knows whose it is.
    """

    def __init__(
        self, chance: Random, schedule: Schedule, memory: Memory, *, lies_first: bool
    ) -> None:
        self._chance = chance
        self._schedule = schedule
        self._memory = memory
        self.sent: dict[str, Message] = {}
        self.acked: set[str] = set()
        self.dropped: set[str] = set()
        self.is_calm = False
        self._lies_first = lies_first

    def send(self, said: ProviderEvent) -> None:
        """Have it delivered, sometimes in another guise first, or with odd company."""
        reference = said.reference
        fate = self._chance.random()
        if fate < 0.03:
            self._post(WORDS.unreadable(said, reference))
            return
        if fate < 0.06:
            self._post(WORDS.of(RefetchRequired("too little"), reference), may_be_lost=True)
        elif fate < 0.09:
            hint = None if reference is None else Hint(reference)
            name = Hint(said.provider_reference or "")
            hearsay = Hearsay(f"{said.type}.hearsay", hint, name)
            self._post(WORDS.of(hearsay, None), may_be_lost=True)
        elif fate < 0.11:
            self._post(WORDS.of(PayloadInvalid("not as documented"), reference))
        elif fate < 0.13:
            facts = tuple(replace(each, object_id=f"test-{each.object_id}") for each in said.facts)
            self._post(WORDS.of(ProviderEvent(said.type, reference, facts, Mode.TEST), reference))
        elif fate < 0.14:
            self._post(WORDS.of(ProviderEvent("unused", reference), reference))
        self._post(WORDS.of(said, reference))
        if self._brings_money(said) and self._chance.random() < 0.03:
            self._schedule.later(LATE_S_MAX, partial(self._address_wrongly, said))

    def _brings_money(self, said: ProviderEvent) -> bool:
        return any(fact.kind is FactKind.SUCCEEDED for fact in said.facts)

    def _address_wrongly(self, said: ProviderEvent) -> None:
        """Tell of money that is known as one payment's, as if it were another's."""
        name = Named(SOURCE, ACCOUNT, said.provider_reference or "")
        if not self._lies_first and name not in self._memory.aliases:
            return
        others = [row.reference for row in self._memory.payments.values()]
        reference = self._chance.choice(others) if others else said.reference
        if reference != said.reference:
            wrong = replace(said, reference=reference)
            self._post(WORDS.of(wrong, reference))

    def _post(self, message: Message, *, may_be_lost: bool = False) -> None:
        self.sent[message.key] = message
        if may_be_lost and self._chance.random() < 0.3:
            self.dropped.add(message.key)
            return
        self._schedule.later(self._delay_s(), partial(self.deliver, message))
        while self._chance.random() < 0.25:
            self._schedule.later(self._delay_s(), partial(self.deliver, message))

    def _delay_s(self) -> float:
        fate = self._chance.random()
        if fate < 0.6:
            return self._chance.random() * 5
        return self._chance.random() * (600 if fate < 0.93 else LATE_S_MAX)

    def deliver(self, message: Message) -> None:
        """Knock; what is kept is acknowledged, and without a 2xx they knock again."""
        if self.deliver_once(message):
            self.acked.add(message.key)
        else:
            again_s = REPEAT_S * (1 + self._chance.random())
            self._schedule.later(again_s, partial(self.deliver, message))

    def deliver_once(self, message: Message) -> bool:
        """Have the door keep it, and say whether it says so."""
        strikes = not self.is_calm and self._chance.random() < 0.08
        fault = self._chance.choice(INGRESS_FAULTS) if strikes else None
        name = (SOURCE, ACCOUNT, message.key)
        try:
            with MemoryDatabase(self._memory, fault).transaction() as tx:
                tx.keep(name, message.body, message.reference, Lane.EVENTS)
        except (WorkerDied, Exception):  # noqa: BLE001 - whatever it was, there is no 2xx
            return False
        return True
