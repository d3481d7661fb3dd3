"""A payment: what was asked, and where it stands."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from domain.money import Money
    from domain.transitions import State

REFERENCE = re.compile(r"[A-Za-z0-9._=-]{1,100}")
"""What a reference may look like: the alphabet that Paystack accepts."""

CUSTOMER_ID = re.compile(r"[A-Za-z0-9._=:@-]{1,100}")


@dataclass(frozen=True, slots=True)
class Correction:
    """What a person decided of a payment. It cuts the fold: facts permute freely after it.

    `to_state`    what the payment was moved to. Where no money was known, the decision stands in
                  for all that had been said of its begin and end; review stays until another
                  decision, whatever is heard.
    `accepted`    the captures that are the customer's, each with what counts of it. Where money
                  was known then, no other capture is credited by itself any more.
    `given_back`  what was given back of which capture, out of suspense, without the provider's
                  knowledge.
    `facts_known` how many facts, in the order in which they were stored, were known then. What
                  did not fit among them is settled by the decision.

    Only the newest decision counts; it has in it what those before it accepted and gave back.
    """

    to_state: State
    accepted: Mapping[str, Money]
    given_back: Mapping[str, Money]
    facts_known: int


@dataclass(frozen=True, slots=True)
class Asked:
    """What a payment was announced as. Everything a provider claims is held against it.

    `cancelled` cuts the fold: money that arrives after a cancel is nobody's until a person says.
    `correction` is what a person decided last, if anybody did.
    """

    amount: Money
    provider: str
    customer_id: str
    cancelled: bool = False
    correction: Correction | None = None


BY_PERSON = "set_by_person"
"""The contradiction of a payment that a person has put into review."""


@dataclass(frozen=True, slots=True)
class Position:
    """What the whole set of facts says of a payment.

    `effects` maps (effect, object id) to its net per (account, currency).
    `contradictions` is empty unless the state is review.
    `waiting` has the ids of refunds and disputes that are known while their capture is not.
    """

    state: State
    captured_minor: int = 0
    refunded_minor: int = 0
    disputed_minor: int = 0
    effects: Mapping[tuple[str, str], Mapping[tuple[str, str], int]] = field(default_factory=dict)
    contradictions: frozenset[str] = frozenset()
    waiting: frozenset[str] = frozenset()
