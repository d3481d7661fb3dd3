"""The town: payments without end, each with its story, its disorder and its repeats.

Made one at a time, a little before they are needed, so that a million events need no memory. The
same seed makes the same payments, whatever becomes of them.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.chaos.traffic import hot
from tests.chaos.traffic.events import Delivery, Event
from tests.chaos.traffic.senders import CURRENCIES, PLAIN, plain_notice
from tests.chaos.traffic.takings import Part, parts_of
from tests.conformance.sender import Sale as SenderSale
from tests.simulator import stories
from tests.simulator.books import Books, Capture, Sale
from tests.simulator.morning import MARKETS, Market
from tests.simulator.paystack import PaystackDesk
from tests.simulator.standard_webhooks import StandardWebhooksDesk
from tests.simulator.stripe import StripeDesk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.simulator.desk import Desk
    from tests.simulator.stories import Story, Teller

SPAN_S = 30.0
"""What a story takes for its morning: one step is nearly a second, what comes later five."""

SLIP_S = 1.5
"""How far an event may slip: the steps of one payment overtake each other."""

LATE_SHARE = 0.02
LATE_S = 10.0
"""Events that a provider lets lie, and for how long at most."""

REPEATS_WEIGHTS = (70, 22, 6, 2)
"""Of a hundred events, how many are delivered again 0, 1, 2 or 3 times."""

REPEAT_LATER_S = 8.0

FIRST_ID = 10**10
"""Above all that the desks behind the providers' APIs give."""

PROVIDERS: Sequence[tuple[str, float]] = (
    ("paystack", 0.3),
    ("stripe", 0.3),
    ("standard-webhooks", 0.2),
    *((name, 0.2 / len(PLAIN)) for name in PLAIN),
)
"""The share of payments that each has."""

CUSTOMERS = 2_000
"""Few enough for two payments of one customer to meet."""

EXTRAORDINARY: Sequence[tuple[float, Teller]] = (
    (0.0015, hot.of_many_events),
    (0.005, stories.underpaid),
    (0.003, stories.other_currency),
    (0.003, stories.paid_twice),
)
"""The share of payments that go an unusual way, at the desks that tell of everything."""

LATE_ANNOUNCED_SHARE = 0.02
LATE_ANNOUNCED_S = (1.0, 6.0)
"""Payments that are made known only after their first event, and how long after it began."""

NEVER_ANNOUNCED_SHARE = 0.001


@dataclass(slots=True)
class Payment:
    """One payment: what is told of it, what is true of it, and when it is made known.

    `announced_s` is of the traffic's time; None: never.
    """

    number: int
    sale: Sale
    begins_s: float
    announced_s: float | None
    deliveries: list[Delivery]
    parts: list[Part]


class Town:
    """Makes payments; so many unique events a second that `rate_per_s` is kept on average."""

    def __init__(self, seed: int, rate_per_s: float) -> None:
        self.prefix = f"C-{seed:x}-"
        self.events = 0
        self._rate_per_s = rate_per_s
        self._payments = 0
        self._rng = random.Random(f"town/{seed}")
        self._books = Books()
        kinds = (PaystackDesk, StripeDesk, StandardWebhooksDesk)
        self._desks: dict[str, Desk] = {
            kind.name: kind(self._books, self._rng, first_id=FIRST_ID) for kind in kinds
        }
        self._markets = {
            name: [market for market in MARKETS if market.desk == name] for name in self._desks
        }
        names, weights = zip(*PROVIDERS, strict=True)
        self._names: list[str] = list(names)
        self._weights: list[float] = list(weights)

    @property
    def next_begins_s(self) -> float:
        """When the next payment will begin."""
        return self.events / self._rate_per_s

    def payment(self) -> Payment:
        """Make the next payment."""
        rng, number = self._rng, self._payments
        begins_s = self.next_begins_s
        self._payments += 1
        (provider,) = rng.choices(self._names, self._weights)
        if provider in self._desks:
            sale, story = self._told(provider, number)
        else:
            sale, story = self._plain(provider, number)
        announced_s = self._announced_s(begins_s)
        deliveries = self._deliveries(story, number, begins_s)
        parts = parts_of(number, sale, is_announced=announced_s is not None)
        return Payment(number, sale, begins_s, announced_s, deliveries, parts)

    def _told(self, provider: str, number: int) -> tuple[Sale, Story]:
        desk = self._desks[provider]
        market = self._rng.choice(self._markets[provider])
        reference, customer_id, amount_minor = self._asked(number, market)
        sale = desk.sale(reference, customer_id, amount_minor, market.currency)
        story = self._teller()(desk, sale, self._rng)
        del self._books.sales[reference]  # its sums are kept elsewhere
        return sale, story

    def _teller(self) -> Teller:
        drawn = self._rng.random()
        for share, teller in EXTRAORDINARY:
            drawn -= share
            if drawn < 0:
                return teller
        return stories.story_of

    def _plain(self, provider: str, number: int) -> tuple[Sale, Story]:
        """Make a payment of a provider that tells of captures alone."""
        market = Market(provider, CURRENCIES[provider], 1_000, 90_000, 1)
        reference, customer_id, amount_minor = self._asked(number, market)
        sale = Sale(provider, reference, customer_id, amount_minor, market.currency, str(number))
        sale.captures.append(Capture(sale, str(number), amount_minor, market.currency, 0))
        told = SenderSale(reference, amount_minor, market.currency, FIRST_ID + number)
        return sale, [(stories.STEP, plain_notice(provider, told))]

    def _asked(self, number: int, market: Market) -> tuple[str, str, int]:
        """Return reference, customer and amount; some customers come far more often."""
        steps = self._rng.randrange(
            market.least_minor // market.step_minor, market.most_minor // market.step_minor
        )
        customer = int(CUSTOMERS * self._rng.random() ** 2)
        return f"{self.prefix}{number:08d}", f"cust_{customer:04d}", steps * market.step_minor

    def _announced_s(self, begins_s: float) -> float | None:
        drawn = self._rng.random()
        if drawn < NEVER_ANNOUNCED_SHARE:
            return None
        if drawn < NEVER_ANNOUNCED_SHARE + LATE_ANNOUNCED_SHARE:
            return begins_s + self._rng.uniform(*LATE_ANNOUNCED_S)
        return -1.0

    def _deliveries(self, story: Story, payment: int, begins_s: float) -> list[Delivery]:
        rng, made = self._rng, []
        for later, notice in _told_apart(story):
            event = Event(self.events, notice, payment, begins_s)
            self.events += 1
            slip_s = rng.random() * (LATE_S if rng.random() < LATE_SHARE else SLIP_S)
            due_s = begins_s + later * SPAN_S + slip_s
            made.append(Delivery(event, due_s))
            (repeats,) = rng.choices(range(len(REPEATS_WEIGHTS)), REPEATS_WEIGHTS)
            for _ in range(repeats):
                again_s = due_s + rng.random() * REPEAT_LATER_S
                made.append(Delivery(event, again_s, is_repeat=True))
        return made


def _told_apart(story: Story) -> Story:
    """Leave out what is byte for byte what was told before: two of it would be one event.

    Paystack tells the same of two halves of a refund as long as both wait.
    """
    seen: set[bytes] = set()
    kept = []
    for later, notice in story:
        if notice.body not in seen:
            kept.append((later, notice))
        seen.add(notice.body)
    return kept
