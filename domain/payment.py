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
class Asked:
    """What a payment was announced as. Everything a provider claims is held against it.

    `cancelled` cuts the fold: money that arrives after a cancel is nobody's until a person says.
    """

    amount: Money
    provider: str
    customer_id: str
    cancelled: bool = False


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
