"""The recorded morning: some hundred payments, and everything that can go wrong with them."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from tests.simulator import disorder, poison
from tests.simulator.books import Books
from tests.simulator.paystack import PaystackDesk
from tests.simulator.standard_webhooks import StandardWebhooksDesk
from tests.simulator.stories import specials, story_of
from tests.simulator.stripe import StripeDesk

if TYPE_CHECKING:
    from tests.simulator.books import Capture, Sale
    from tests.simulator.courier import Parcel
    from tests.simulator.desk import Desk
    from tests.simulator.notice import Notice
    from tests.simulator.stories import Story

CUSTOMERS_PER_PAYMENT = 0.2
LAST_BEGIN = 0.7
"""No payment begins later in the morning, so that its story fits in."""

CHATTER_SHARE = 0.08


class Market(NamedTuple):
    """A desk and a currency, and amounts as customers pay them there (in minor units)."""

    desk: str
    currency: str
    least_minor: int
    most_minor: int
    step_minor: int


MARKETS = (
    Market("paystack", "NGN", 50_000, 2_500_000, 5_000),
    Market("paystack", "GHS", 1_000, 60_000, 500),
    Market("paystack", "ZAR", 5_000, 200_000, 500),
    Market("paystack", "XOF", 1_000, 90_000, 100),
    Market("stripe", "USD", 500, 25_000, 5),
    Market("stripe", "JPY", 500, 40_000, 10),
    Market("stripe", "KWD", 1_000, 50_000, 10),
    Market("stripe", "UGX", 5_000, 900_000, 1_000),
    Market("standard-webhooks", "NGN", 50_000, 900_000, 5_000),
    Market("standard-webhooks", "BHD", 1_000, 40_000, 5),
)
"""Currencies with 0, 2 and 3 decimals, and two that a provider writes otherwise than ISO 4217."""


@dataclass(slots=True)
class Morning:
    """What happens, and what is true of it.

    `announced` are the sales that the merchant makes known before, `late` after the traffic and
    `never` never. `twice` is the second capture of a sale, which the provider gives back later.
    """

    seed: int
    books: Books
    desks: dict[str, Desk]
    announced: list[Sale] = field(default_factory=list)
    late: list[Sale] = field(default_factory=list)
    never: list[Sale] = field(default_factory=list)
    twice: list[Capture] = field(default_factory=list)
    parcels: list[Parcel] = field(default_factory=list)

    def give_back(self, capture: Capture) -> list[Notice]:
        """Have the provider return a capture that should never have been made."""
        desk = self.desks[capture.sale.provider]
        refund, begun = desk.refund(capture, capture.amount_minor)
        return [*begun, *desk.settle_refund(refund)]


def recorded(seed: int, *, payments: int) -> Morning:
    """Return the morning of this seed: the same payments, amounts, accidents and disorder."""
    rng = random.Random(seed)
    books = Books()
    desks: list[Desk] = [
        kind(books, rng) for kind in (PaystackDesk, StripeDesk, StandardWebhooksDesk)
    ]
    morning = Morning(seed, books, {desk.name: desk for desk in desks})
    town = _Town(morning, rng, payments)
    told = town.play()
    morning.parcels = disorder.parcels_of(told, rng)
    morning.parcels += disorder.forgeries_of(morning.parcels, rng)
    return morning


class _Town:
    """Customers who pay all morning."""

    def __init__(self, morning: Morning, rng: random.Random, payments: int) -> None:
        self._morning = morning
        self._rng = rng
        self._payments = payments
        self._customers = max(1, int(payments * CUSTOMERS_PER_PAYMENT))
        self._told: list[tuple[float, Notice]] = []

    def play(self) -> list[tuple[float, Notice]]:
        """Play every payment; return what the providers tell, each with its place in time."""
        extraordinary = specials(self._payments)
        for number in range(self._payments):
            begins = self._rng.uniform(0, LAST_BEGIN)
            if number < len(extraordinary):
                special = extraordinary[number]
                sale, desk = self._sale(number, special.desk)
                getattr(self._morning, special.list_name).append(sale)
                self._take(special.story(desk, sale, self._rng), begins)
                if special.is_to_be_given_back:
                    self._morning.twice.append(sale.captures[-1])
            else:
                sale, desk = self._sale(number, None)
                self._morning.announced.append(sale)
                self._take(story_of(desk, sale, self._rng), begins)
            if self._rng.random() < CHATTER_SHARE:
                self._take([(0.05, notice) for notice in desk.chatter(sale)], begins)
        for notice in poison.notices():
            self._told.append((self._rng.random(), notice))
        return self._told

    def _sale(self, number: int, desk_name: str | None) -> tuple[Sale, Desk]:
        markets = [market for market in MARKETS if desk_name in (None, market.desk)]
        market = self._rng.choice(markets)
        steps = self._rng.randrange(
            market.least_minor // market.step_minor, market.most_minor // market.step_minor
        )
        desk = self._morning.desks[market.desk]
        customer_id = f"cust_{self._rng.randrange(self._customers):03d}"
        reference = f"TOP-{self._morning.seed:x}-{number:05d}"
        amount_minor = steps * market.step_minor
        return desk.sale(reference, customer_id, amount_minor, market.currency), desk

    def _take(self, story: Story, begins: float) -> None:
        self._told.extend((begins + later, notice) for later, notice in story)
