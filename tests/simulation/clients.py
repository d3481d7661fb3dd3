"""Internal services: they ask, do not always hear the answer, and ask again with the same key."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from domain.money import Money
from tests.simulation.api import Api
from tests.simulation.database import Fault, MemoryDatabase, WorkerDied

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from tests.simulation.memory import Memory
    from tests.simulation.provider import Provider
    from tests.simulation.schedule import Schedule

    Act = Callable[[Memory], str]

FAULTS = (Fault.AWAY, Fault.DIES_BEFORE, Fault.REPLY_LOST, Fault.DIES_AFTER)
CUSTOMERS = ("ada", "ben")
AMOUNTS_MINOR = (300, 1_000, 2_500)
DAY_S = 86_400.0


class Clients:
    """Requests that the seed chooses. `heard` has every answer that came back, by key and body."""

    def __init__(
        self, chance: Random, schedule: Schedule, memory: Memory, provider: Provider
    ) -> None:
        self._chance = chance
        self._schedule = schedule
        self._memory = memory
        self._provider = provider
        self._api = Api()
        self._keys = 0
        self.is_calm = False
        self.heard: dict[tuple[str, str], set[str]] = {}
        self.references: list[str] = []

    def plan(self, payments: int) -> None:
        """Plan all requests of a history."""
        for number in range(payments):
            self.references.append(f"pay-{number}")
            self._plan_payment(f"pay-{number}")
        for customer_id in CUSTOMERS:
            while self._chance.random() < 0.5:
                amount = Money("NGN", self._chance.choice((50, 300, 900)))
                act = partial(self._api.spend, customer_id=customer_id, amount=amount)
                self._later(DAY_S / 4, f"spend {amount}", act)

    def _plan_payment(self, reference: str) -> None:
        chance = self._chance
        amount = Money("NGN", chance.choice(AMOUNTS_MINOR))
        customer_id = chance.choice(CUSTOMERS)
        by_provider = chance.random() < 0.25
        if by_provider:
            self._schedule.later(
                chance.random() * 60, partial(self._begin_there, reference, amount)
            )
        elif chance.random() < 0.04:
            self._provider.open(reference, amount, age_s=7_200)
        if not by_provider or chance.random() < 0.8:
            pay = partial(
                self._api.pay,
                reference=reference,
                customer_id=customer_id,
                amount=amount,
                hands_over=not by_provider,
            )
            within_s = chance.choice((60, 60, 600, DAY_S)) if by_provider else 60
            self._later(within_s, f"pay {reference}", pay)
            self._plan_more(reference, amount)

    def _begin_there(self, reference: str, amount: Money) -> None:
        self._provider.begun(self._provider.open(reference, amount))

    def _plan_more(self, reference: str, amount: Money) -> None:
        chance = self._chance
        if chance.random() < 0.12:
            cancel = partial(self._api.cancel, reference=reference)
            self._later(400, f"cancel {reference}", cancel)
        if chance.random() < 0.3:
            verify = partial(self._api.verify, reference=reference)
            self._later(chance.choice((90, 120, DAY_S / 8)), f"verify {reference}", verify)
        while chance.random() < 0.4:
            minor = chance.choice((amount.amount_minor, amount.amount_minor // 3))
            refund = partial(self._api.refund, reference=reference, amount_minor=minor)
            within_s = chance.choice((DAY_S / 12, DAY_S / 4))
            self._later(within_s, f"refund {reference} {minor}", refund)

    def _later(self, within_s: float, fingerprint: str, act: Act) -> None:
        self._keys += 1
        key = f"key-{self._keys}"
        ask = partial(self._ask, key, fingerprint, act)
        self._schedule.later(self._chance.random() * within_s, ask)
        if self._chance.random() < 0.2:
            self._schedule.later(self._chance.random() * within_s, ask)
        if self._chance.random() < 0.05:
            other = partial(self._ask, key, f"{fingerprint}, otherwise", act)
            self._schedule.later(self._chance.random() * within_s + 60, other)

    def _ask(self, key: str, fingerprint: str, act: Act) -> None:
        """Ask; who does not hear an answer asks again."""
        strikes = not self.is_calm and self._chance.random() < 0.1
        fault = self._chance.choice(FAULTS) if strikes else None
        try:
            with MemoryDatabase(self._memory, fault).transaction() as tx:
                answer = self._api.once(tx, key, fingerprint, act)
        except KeyError:
            return  # There is no such payment yet, so the answer is 404, and no key is kept.
        except (WorkerDied, Exception):  # noqa: BLE001 - whatever it was, no answer came
            again = partial(self._ask, key, fingerprint, act)
            self._schedule.later(1 + self._chance.random() * 30, again)
            return
        self.heard.setdefault((key, fingerprint), set()).add(answer)
