"""Intents: what the service that asks for payments will ask, all of it decided by the seed."""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PAYMENTS_OF_A_CUSTOMER = 20
AMOUNT_MINOR_MIN = 5_000
AMOUNT_MINOR_MAX = 900_000
CURRENCY: Mapping[str, str] = MappingProxyType({"paystack": "NGN", "stripe": "USD"})

UNNAMED_SHARE = 0.1
"""Intents that leave their reference to us."""

REPEATED_SHARE = 0.05
"""Intents that are asked again although they were answered."""

TWICE_AT_ONCE_SHARE = 0.02
"""Intents that are asked twice at the same time, under one key."""

VERIFIED_SHARE = 0.03
"""Payments that the service wants verified at once."""

REFUNDED_SHARE = 0.08
"""Payments that are given back, should they be paid: half of them in part, the others whole."""

UUID_VERSION = 4


class Refunding(StrEnum):
    """How much the service gives back once the payment is completed."""

    NONE = "none"
    PART = "part"
    WHOLE = "whole"


@dataclass(frozen=True, slots=True)
class Intent:
    """One payment to be asked for, and what else will be asked about it."""

    key: uuid.UUID
    provider: str
    customer_id: str
    amount_minor: int
    currency: str
    reference: str | None
    is_repeated: bool
    is_twice_at_once: bool
    is_verified: bool
    verify_key: uuid.UUID
    refunding: Refunding
    refund_key: uuid.UUID

    def body(self) -> dict[str, object]:
        """Return what is asked."""
        asked: dict[str, object] = {
            "provider": self.provider,
            "amount_minor": self.amount_minor,
            "currency": self.currency,
            "customer_id": self.customer_id,
            "email": f"{self.customer_id}@example.com",
            "callback_url": "https://shop.example/back",
            "metadata": {"order": str(self.key)},
        }
        if self.reference is not None:
            asked["reference"] = self.reference
        return asked


def drawn(seed: int, provider: str, count: int) -> list[Intent]:
    """Return so many intents; the same seed gives the same ones."""
    return list(_drawn(random.Random(f"{seed}:{provider}"), provider, count))


def _drawn(rng: random.Random, provider: str, count: int) -> Iterator[Intent]:
    customers = max(1, count // PAYMENTS_OF_A_CUSTOMER)
    for number in range(count):
        key = _uuid(rng)
        yield Intent(
            key=key,
            provider=provider,
            customer_id=f"customer-{rng.randrange(customers)}",
            amount_minor=rng.randrange(AMOUNT_MINOR_MIN, AMOUNT_MINOR_MAX),
            currency=CURRENCY[provider],
            reference=None if rng.random() < UNNAMED_SHARE else f"SOAK-{number:06d}-{key.hex[:6]}",
            is_repeated=rng.random() < REPEATED_SHARE,
            is_twice_at_once=rng.random() < TWICE_AT_ONCE_SHARE,
            is_verified=rng.random() < VERIFIED_SHARE,
            verify_key=_uuid(rng),
            refunding=_refunding(rng.random()),
            refund_key=_uuid(rng),
        )


def _refunding(drawn_share: float) -> Refunding:
    if drawn_share >= REFUNDED_SHARE:
        return Refunding.NONE
    return Refunding.PART if drawn_share < REFUNDED_SHARE / 2 else Refunding.WHOLE


def _uuid(rng: random.Random) -> uuid.UUID:
    return uuid.UUID(int=rng.getrandbits(128), version=UUID_VERSION)
