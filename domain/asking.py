"""Asking a provider: what it is asked about, and what it told, in words that all of them share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from domain.delivery import Mode
    from domain.facts import Fact, FactStatus
    from domain.money import Money


@dataclass(frozen=True, slots=True)
class Asking:
    """A payment, as its provider is asked about it.

    `reference` is ours and unique. `names` are those the provider has used for it so far (a
    transaction, a checkout, an intent), first heard first; empty while none is known.
    `email` and `callback_url` are there only while it is initialized. `hint` is what an event that
    proves nothing called what is to be looked up: good to ask by, and for nothing else.
    """

    reference: str
    amount: Money
    customer_id: str
    names: tuple[str, ...] = ()
    email: str | None = None
    callback_url: str | None = None
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class RefundAsking:
    """A refund to be made. `reference` is the refund's own, ours and unique.

    `capture_id` is the provider's transaction (or intent) that the money came by.
    """

    payment: Asking
    reference: str
    amount: Money
    capture_id: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class ToldRefund:
    """A refund as the provider tells of it.

    `provider_refund_id` is what its API calls it. `object_id` is what the provider's webhooks call
    it, where the API says so. `ours` is our own reference, where the provider kept it for us.
    """

    provider_refund_id: str
    status: FactStatus
    amount: Money
    object_id: str | None = None
    ours: str | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What a provider answered.

    `facts`    the same facts, under the same object ids, that its webhooks would have made.
    `is_known` False: the provider proves that it knows no such payment.
    `is_final` the provider says that nothing more will come of it by itself.
    `made_at_s` when the provider made what it tells of, Unix seconds, where it says so and its
               reference alone does not show whose it is.
    `reference` ours, as the provider has it: whose payment it is, where that had to be asked.
    `answer`   the bytes it said so in: the evidence.
    """

    facts: tuple[Fact, ...] = ()
    provider_reference: str | None = None
    authorization_url: str | None = None
    refunds: tuple[ToldRefund, ...] = ()
    mode: Mode | None = None
    is_known: bool = True
    is_final: bool = False
    made_at_s: int | None = None
    status: str = ""
    reference: str | None = None
    answer: bytes = b""


@dataclass(frozen=True, slots=True)
class Listed:
    """One transaction of a provider's list.

    `facts` are those that its webhooks would have told; empty while no money has moved.
    `at_s` is when the provider made it, Unix seconds.
    """

    object_id: str
    reference: str | None
    status: str
    amount: Money | None
    refunded_minor: int | None
    facts: tuple[Fact, ...]
    at_s: int


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a provider's list, oldest first or newest first as the provider gives it.

    `next_cursor` None: this was the last. It is opaque, ASCII, at most 200 characters.
    """

    items: tuple[Listed, ...]
    next_cursor: str | None
