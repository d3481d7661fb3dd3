"""What a grown database calls its payments, and how they are spread over customers."""

from __future__ import annotations

NUMBER_MAX = 999_999_999
"""Highest payment number; with it every name below has one length."""

REFERENCE_PREFIX = "HISTORY-"
REFERENCE_DIGITS = 10
CUSTOMER_PREFIX = "history-"
CUSTOMER_DIGITS = 9

FIRST_TRANSACTION_ID = 20_000_000_000
"""The provider's ids count up from here, away from those of events that are sent to us."""

GROUP_PAYMENTS = 1_000
GROUP_CUSTOMERS = 20
"""Payments of one stretch of time, and the customers who make them in turn: 50 each."""


def reference(number: int) -> str:
    """Name a payment."""
    return f"{REFERENCE_PREFIX}{number:0{REFERENCE_DIGITS}d}"


def number_of(named: str) -> int:
    """Return the number of a payment by its reference."""
    return int(named.removeprefix(REFERENCE_PREFIX))


def customer_id(number: int) -> str:
    """Name the customer of a payment."""
    group, place = divmod(number - 1, GROUP_PAYMENTS)
    customer = group * GROUP_CUSTOMERS + place % GROUP_CUSTOMERS
    return f"{CUSTOMER_PREFIX}{customer:0{CUSTOMER_DIGITS}d}"


def transaction_id(number: int) -> int:
    """Return what the provider calls a payment."""
    return FIRST_TRANSACTION_ID + number
