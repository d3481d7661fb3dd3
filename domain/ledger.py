"""Accounts and movements: the double entry behind every change of money.

Signs: an entry's `amount_minor` is positive where the account is credited and negative where it
is debited, so a customer's credit is the plain sum of its entries, and what a provider still owes
us is the negated sum of its clearing account. Every movement sums to zero in its currency.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

SUSPENSE = "suspense"
SMS_REVENUE = "sms_revenue"
CHARGEBACK_LOSS = "chargeback_loss"
REFUNDS_HELD = "refunds_held"
CUSTOMER_PREFIX = "customer_credit:"


def provider_clearing(provider: str) -> str:
    """Name the account of what a provider has taken for us and not yet paid out."""
    return f"provider_clearing:{provider}"


def fees(provider: str) -> str:
    """Name the account of what a provider keeps for its service."""
    return f"fees:{provider}"


def customer_credit(customer_id: str) -> str:
    """Name the account of what we owe a customer."""
    return f"{CUSTOMER_PREFIX}{customer_id}"


@dataclass(frozen=True, slots=True)
class Leg:
    """One account's share of a movement; positive credits it."""

    account: str
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class Movement:
    """Legs that sum to zero per currency, under a name that can be used only once.

    (payment, `effect`, `object_id`) is unique in the database, so a second credit for the same
    capture cannot be written by any code, however wrong.
    """

    effect: str
    object_id: str
    legs: tuple[Leg, ...]


def legs_of(net: Mapping[tuple[str, str], int]) -> tuple[Leg, ...]:
    """Return the legs of a net per (account, currency), without those that are zero."""
    return tuple(
        Leg(account, amount, currency) for (account, currency), amount in net.items() if amount
    )


def difference(
    before: Mapping[tuple[str, str], int], after: Mapping[tuple[str, str], int]
) -> dict[tuple[str, str], int]:
    """Return what must be posted to turn one net into the other."""
    accounts = dict.fromkeys((*before, *after))
    return {key: after.get(key, 0) - before.get(key, 0) for key in accounts}
