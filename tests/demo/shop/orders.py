"""Orders: what the shop will ask for and what its customers will do, all decided by the seed."""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass, field, replace
from enum import StrEnum, auto
from typing import TYPE_CHECKING, Any

from tests.simulator.morning import MARKETS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.simulator.morning import Market

PAYMENTS_OF_AN_ORDER = 8
"""The shop has one order for so many payments of the recorded morning."""

ORDERS_MIN = 24
"""Fewer cannot hold one of every kind."""

LAST_DUE = 0.7
"""No order comes later in the morning, so that all of it fits in."""

UNNAMED_SHARE = 0.15
"""Orders that leave their payment's reference to us."""

WITH_CALLBACK_SHARE = 0.5
REPEATED_SHARE = 0.25
"""Orders that are asked for again, although they were answered."""

CUSTOMERS_OF_A_KIND = 6
"""So few that most have several payments."""

PROVIDERS = ("paystack", "stripe")
UUID_VERSION = 4


class Deed(StrEnum):
    """What a customer does with the page at which the order is to be paid."""

    PAY = auto()
    DECLINE = auto()
    LEAVE = auto()
    NEVER_COME = auto()


class After(StrEnum):
    """What the shop does about its payment."""

    NOTHING = auto()
    SPEND = auto()
    REVERSE = auto()
    REFUND_PART = auto()
    REFUND_ALL = auto()
    REFUND_IN_TWO = auto()
    CANCEL = auto()
    FORGET = auto()
    """Nobody tells of the money, and the shop does not ask."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How an order goes; `is_told` False: the provider's webhooks about it are lost."""

    deed: Deed = Deed.PAY
    after: After = After.NOTHING
    is_told: bool = True
    provider: str | None = None


_KINDS: Sequence[tuple[int, Kind]] = (
    (8, Kind(after=After.SPEND)),
    (2, Kind(after=After.REVERSE)),
    (3, Kind(after=After.REFUND_PART, provider="paystack")),
    (3, Kind(after=After.REFUND_PART, provider="stripe")),
    (2, Kind(after=After.REFUND_ALL, provider="paystack")),
    (2, Kind(after=After.REFUND_ALL, provider="stripe")),
    (1, Kind(after=After.REFUND_IN_TWO, provider="paystack")),
    (1, Kind(after=After.REFUND_IN_TWO, provider="stripe")),
    (3, Kind(is_told=False, provider="paystack")),
    (3, Kind(is_told=False, provider="stripe")),
    (1, Kind(after=After.FORGET, is_told=False, provider="paystack")),
    (2, Kind(Deed.DECLINE, provider="paystack")),
    (2, Kind(Deed.DECLINE, provider="stripe")),
    (2, Kind(Deed.LEAVE, provider="paystack")),
    (2, Kind(Deed.LEAVE, provider="stripe")),
    (1, Kind(Deed.NEVER_COME, After.CANCEL, provider="paystack")),
    (1, Kind(Deed.NEVER_COME, After.CANCEL, provider="stripe")),
)
"""Of a hundred orders, how many go which way; one of each at least. All others are only paid."""


@dataclass(frozen=True, slots=True)
class Order:
    """One order; `due` is its place in the morning, from 0 to 1. `attempt` counts from 1.

    The keys of its requests come from `seed`: the same request has the same key, however often it
    is sent.
    """

    number: int
    attempt: int
    seed: int
    due: float
    kind: Kind
    provider: str
    customer_id: str
    amount_minor: int
    currency: str
    reference: str | None
    callback_url: str | None
    metadata: dict[str, Any] = field(default_factory=dict)
    is_repeated: bool = False

    def key(self, what: str) -> uuid.UUID:
        """Return the Idempotency-Key of one of this order's requests."""
        rng = random.Random(f"{self.seed}/{self.number}/{self.attempt}/{what}")
        return uuid.UUID(int=rng.getrandbits(128), version=UUID_VERSION)

    def anew(self) -> Order:
        """Return the order with keys and a reference that were not used yet."""
        attempt = self.attempt + 1
        reference = self.reference and f"{self.reference.rpartition('-')[0]}-{attempt}"
        return replace(self, attempt=attempt, reference=reference)

    @property
    def part_minor(self) -> int:
        """Half of it, in a step that every provider can write."""
        return max(10, self.amount_minor // 20 * 10)

    def body(self) -> dict[str, object]:
        """Return what is asked."""
        asked: dict[str, object] = {
            "provider": self.provider,
            "amount_minor": self.amount_minor,
            "currency": self.currency,
            "customer_id": self.customer_id,
            "email": f"{self.customer_id}@example.com",
            "metadata": self.metadata,
        }
        optional = {"reference": self.reference, "callback_url": self.callback_url}
        return asked | {name: value for name, value in optional.items() if value is not None}


def count_for(payments: int) -> int:
    """Return how many orders go with so many payments of the recorded morning."""
    return max(ORDERS_MIN, payments // PAYMENTS_OF_AN_ORDER)


def drawn(seed: int, count: int) -> list[Order]:
    """Return so many orders, in the order in which they come; a seed gives the same ones."""
    return sorted(_drawn(random.Random(f"shop/{seed}"), seed, count), key=lambda order: order.due)


def _drawn(rng: random.Random, seed: int, count: int) -> Iterator[Order]:
    for number, kind in enumerate(_kinds(count)):
        market = _market(rng, kind.provider or PROVIDERS[number % len(PROVIDERS)])
        steps = rng.randrange(
            market.least_minor // market.step_minor, market.most_minor // market.step_minor
        )
        is_unnamed = rng.random() < UNNAMED_SHARE
        has_callback = rng.random() < WITH_CALLBACK_SHARE
        yield Order(
            number=number,
            attempt=1,
            seed=seed,
            due=rng.uniform(0, LAST_DUE),
            kind=kind,
            provider=market.desk,
            # Who spends here gets no refund, so that nobody's credit is too small for one.
            customer_id=f"{_called(kind)}-{rng.randrange(CUSTOMERS_OF_A_KIND)}",
            amount_minor=steps * market.step_minor,
            currency=market.currency,
            reference=None if is_unnamed else f"SHOP-{seed:x}-{number:04d}-1",
            callback_url="https://shop.example/back" if has_callback else None,
            metadata={"order": number, "note": "crédit SMS · ₦"},
            is_repeated=rng.random() < REPEATED_SHARE,
        )


def _kinds(count: int) -> list[Kind]:
    made = [kind for weight, kind in _KINDS for _ in range(max(1, weight * count // 100))]
    return [*made, *[Kind()] * (count - len(made))]


def _market(rng: random.Random, provider: str) -> Market:
    return rng.choice([market for market in MARKETS if market.desk == provider])


def _called(kind: Kind) -> str:
    return "spender" if kind.after in {After.SPEND, After.REVERSE} else "guest"
