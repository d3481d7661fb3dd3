"""The world: both providers, their books and customers, the script of faults and the journal."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.simulator.api.clock import Clock
from tests.simulator.api.counter import Counter
from tests.simulator.api.customers import Customers, Habits
from tests.simulator.api.journal import Journal
from tests.simulator.api.script import Script
from tests.simulator.books import Books
from tests.simulator.paystack import PaystackDesk
from tests.simulator.stripe import StripeDesk

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.simulator.api.fault import Fault
    from tests.simulator.api.operation import Kept
    from tests.simulator.notice import Notice

UNTOUCHED = ("ongoing", "abandoned", "pending")
"""What Paystack may call a transaction that nobody has tried to pay yet; the first is usual here,
the real one has been seen to say the second at once."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How this world is.

    `key` is the only API key that is accepted, None: any. `untouched` is what Paystack calls a
    transaction whose page nobody has used. `unnamed_refunds`: Paystack's API never says by which
    name its webhooks call a refund.
    """

    seed: int
    key: str | None = None
    untouched: str = UNTOUCHED[0]
    unnamed_refunds: bool = False
    habits: Habits = field(default_factory=Habits)

    def __post_init__(self) -> None:
        """Refuse a word that Paystack does not have."""
        if self.untouched not in UNTOUCHED:
            raise ValueError(f"untouched is one of {', '.join(UNTOUCHED)}")


class World:
    """Everything that one simulator knows. It is used from one thread, the server's."""

    def __init__(self, rules: Rules, faults: Sequence[Fault] = ()) -> None:
        self.rules = rules
        self.books = Books()
        self.clock = Clock()
        self.journal = Journal()
        self.script = Script(rules.seed, faults)
        self.customers = Customers(rules.seed, rules.habits)
        self.kept: dict[tuple[str, str], Kept] = {}
        self.notices: list[Notice] = []
        self.listeners: list[Callable[[Notice], None]] = []
        self.deliveries: Callable[[], dict[str, int]] = dict
        self._rng = random.Random(rules.seed)
        self.paystack = self._counter(PaystackDesk)
        self.stripe = self._counter(StripeDesk)

    @property
    def counters(self) -> dict[str, Counter]:
        """Both providers by name."""
        return {"paystack": self.paystack, "stripe": self.stripe}

    def _counter(self, kind: type[PaystackDesk | StripeDesk]) -> Counter:
        desk = kind(self.books, random.Random(self._rng.random()), self.clock.now)
        return Counter(desk, self.clock, self._tell)

    def _tell(self, notices: Sequence[Notice]) -> None:
        for notice in notices:
            self.notices.append(notice)
            for listener in self.listeners:
                listener(notice)
