"""The rows that the stores keep in memory: what the tables of the schema have of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from datetime import datetime

    from domain.ledger import Leg
    from domain.money import Money
    from domain.tries import Asked, Outcome
    from workers.store.dead_letters import Letter


class Event(NamedTuple):
    """A row of `inbound_events`."""

    id: int
    source: str
    account: str
    key: str
    body: bytes
    reference: str | None
    received_at: datetime


class WorkRow(NamedTuple):
    """A row of `inbound_work`."""

    event_id: int
    lane: str
    since: datetime
    next_at: datetime
    enqueues: int = 0
    attempts: int = 0
    crashes: int = 0
    replay_id: int | None = None


class PaymentRow(NamedTuple):
    """A row of `payment_logs`. `genesis` is the hash that its history begins with."""

    id: int
    reference: str
    client_id: str
    customer_id: str
    provider: str
    account: str
    amount: Money
    genesis: bytes
    head_hash: bytes
    state: str = "pending"
    version: int = 0
    captured_minor: int = 0
    refunded_minor: int = 0
    disputed_minor: int = 0
    cancelled: bool = False
    corrected: bool = False
    provider_reference: str | None = None
    url: str | None = None


class RefundRow(NamedTuple):
    """A row of `refunds`."""

    reference: str
    payment_id: int
    client_id: str
    amount: Money
    status: str = "requested"
    provider_refund_id: str | None = None
    object_id: str | None = None
    facts_before: int = 0
    is_settled: bool = False


class LetterRow(NamedTuple):
    """A row of `dead_letters`. Its id is its event's."""

    letter: Letter
    status: str = "open"


class CallRow(NamedTuple):
    """A row of `provider_calls`; times are seconds of the history."""

    id: int
    debt: str
    fence: int
    event_id: int
    asked: Asked
    worker: str
    started_s: float
    outcome: Outcome | None = None
    error_class: str | None = None
    ended_at: datetime | None = None


class VerificationRow(NamedTuple):
    """A row of `verifications`."""

    payment_id: int
    step: int
    since: datetime
    next_at: datetime


class MovementRow(NamedTuple):
    """All rows of one movement in `ledger_entries`."""

    id: int
    payment_id: int | None
    effect: str
    object_id: str
    legs: tuple[Leg, ...]


class ClaimRow(NamedTuple):
    """A row of `claims`."""

    id: int
    worker: str
    event_ids: tuple[int, ...]


class KeptAnswer(NamedTuple):
    """A row of `idempotency_keys`."""

    fingerprint: str
    answer: str
