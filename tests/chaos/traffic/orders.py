"""Orders: what a service will ask for, all of it decided by the seed."""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

AMOUNT_MINOR_MIN = 5_000
AMOUNT_MINOR_MAX = 900_000
CURRENCY: Mapping[str, str] = MappingProxyType({"paystack": "NGN", "stripe": "USD"})
CUSTOMERS = 200
UNNAMED_SHARE = 0.1
"""Orders that leave their reference to the service."""


class Way(StrEnum):
    """How a payment is asked for."""

    ONCE = "once"
    AGAIN = "again"
    TWICE_AT_ONCE = "twice at once"
    MANY_AT_ONCE = "many at once"
    OTHER_BODY = "other body under the same key"
    WITHOUT_KEY = "without a key, twice"


class After(StrEnum):
    """What is asked about it afterwards."""

    NOTHING = "nothing"
    VERIFY = "verify"
    CANCEL = "cancel"
    REFUND_PART = "refund a part"
    REFUND_ALL = "refund all of it"
    REFUND_BEYOND = "refund more than all of it, in two at once"
    SPEND = "spend, twice at once"
    REVERSE = "spend, and take it back"


WAYS: Mapping[Way, float] = MappingProxyType(
    {
        Way.ONCE: 0.70,
        Way.AGAIN: 0.08,
        Way.TWICE_AT_ONCE: 0.08,
        Way.MANY_AT_ONCE: 0.02,
        Way.OTHER_BODY: 0.06,
        Way.WITHOUT_KEY: 0.06,
    }
)
AFTERS: Mapping[After, float] = MappingProxyType(
    {
        After.NOTHING: 0.40,
        After.VERIFY: 0.10,
        After.CANCEL: 0.06,
        After.REFUND_PART: 0.10,
        After.REFUND_ALL: 0.06,
        After.REFUND_BEYOND: 0.08,
        After.SPEND: 0.10,
        After.REVERSE: 0.10,
    }
)
"""The share of orders that each has."""


@dataclass(frozen=True, slots=True)
class Order:
    """One payment to be asked for, and what else will be asked about it. Due in the traffic's s."""

    due_s: float
    provider: str
    customer_id: str
    amount_minor: int
    currency: str
    reference: str | None
    way: Way
    after: After

    def body(self) -> dict[str, object]:
        """Return what is asked."""
        asked: dict[str, object] = {
            "provider": self.provider,
            "amount_minor": self.amount_minor,
            "currency": self.currency,
            "customer_id": self.customer_id,
            "email": f"{self.customer_id}@example.com",
            "callback_url": "https://shop.example/back",
        }
        if self.reference is not None:
            asked["reference"] = self.reference
        return asked


def drawn(seed: int, per_s: float) -> Iterator[Order]:
    """Yield orders without end, so many a second on average."""
    rng = random.Random(f"orders/{seed}")
    due_s, number = 0.0, 0
    while True:
        due_s += rng.expovariate(per_s)
        number += 1
        provider = rng.choice(list(CURRENCY))
        (way,) = rng.choices(list(WAYS), list(WAYS.values()))
        (after,) = rng.choices(list(AFTERS), list(AFTERS.values()))
        # Without a key, only its reference tells a repeat from a second payment.
        is_unnamed = rng.random() < UNNAMED_SHARE and way is not Way.WITHOUT_KEY
        yield Order(
            due_s=due_s,
            provider=provider,
            customer_id=f"shopper_{rng.randrange(CUSTOMERS):03d}",
            amount_minor=rng.randrange(AMOUNT_MINOR_MIN, AMOUNT_MINOR_MAX),
            currency=CURRENCY[provider],
            reference=None if is_unnamed else f"SHOP-{seed:x}-{number:06d}",
            way=way,
            after=after,
        )
