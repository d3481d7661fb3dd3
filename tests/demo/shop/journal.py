"""The journal: what the shop asked and was told, as evidence."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import uuid

    from tests.demo.shop.orders import Order


@dataclass(frozen=True, slots=True)
class Answer:
    """The final answer to one request, byte for byte."""

    status: int
    body: bytes
    is_replay: bool = False

    @property
    def told(self) -> dict[str, Any]:
        """What it says."""
        told: dict[str, Any] = json.loads(self.body)
        return told


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A POST that was answered, with every answer its key has got."""

    path: str
    key: uuid.UUID
    answers: list[Answer]


@dataclass(slots=True)
class Journal:
    """All of it.

    `payments` has the order of each reference that was acknowledged; `given_up` those of them that
    never got a page to pay at. `refunds` and `debits` are (payment or customer, amount in minor
    units, currency) by the reference that was acknowledged. `tries` counts what each try came to.
    """

    posts: list[Acknowledged] = field(default_factory=list)
    payments: dict[str, Order] = field(default_factory=dict)
    given_up: set[str] = field(default_factory=set)
    forgotten: set[str] = field(default_factory=set)
    refunds: dict[str, tuple[str, int, str]] = field(default_factory=dict)
    debits: dict[str, tuple[str, int, str]] = field(default_factory=dict)
    reversed: set[str] = field(default_factory=set)
    tries: Counter[str] = field(default_factory=Counter)

    @property
    def replayed(self) -> int:
        """How many answers were given again from what was kept."""
        return sum(answer.is_replay for post in self.posts for answer in post.answers)
