"""Models of payments: how they are asked for, and what is answered about them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from domain.transitions import State  # noqa: TC001 - pydantic reads it when loaded
from ingress.api.models import CustomerId, Document, Moment, PageQuery, Query

WAIT_S_MAX = 30
"""Seconds that a reader may ask to wait for a change."""


class Payment(Document):
    """A payment. Amounts are integers, minor units of `currency`."""

    reference: str
    provider: str
    provider_reference: str | None
    state: State
    amount_minor: int
    currency: str
    customer_id: str
    authorization_url: str | None
    captured_minor: int
    refunded_minor: int
    version: int
    created_at: Moment
    updated_at: Moment
    metadata: dict[str, Any]


class PaymentPage(Document):
    """A part of a client's payments, newest first. `next_cursor` is null on the last one."""

    items: tuple[Payment, ...]
    next_cursor: str | None


class Reading(Query):
    """How a payment is looked at.

    `wait`     seconds to wait until it changes or has an authorization URL.
    `version`  the version the reader knows: then only a change from that one ends the wait.
    """

    wait: Annotated[float, Field(ge=0, le=WAIT_S_MAX, allow_inf_nan=False)] = 0.0
    version: Annotated[int, Field(ge=0)] | None = None


class Choice(PageQuery):
    """Which payments are listed."""

    customer_id: CustomerId | None = None
    state: State | None = None
    provider: Literal["paystack", "stripe"] | None = None
