"""Announcements: a payment as it is asked for, before anything is heard from a provider."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from uuid import UUID

    from domain.money import Money


@dataclass(frozen=True, slots=True)
class Announcement:
    """A payment as it is asked for. `client_id` is who may see it; all clients' are apart."""

    reference: str
    provider: str
    amount: Money
    customer_id: str
    account: str = "default"
    client_id: str = "operator"
    idempotency_key: UUID | None = None
    metadata: dict[str, Any] = field(default_factory=dict)


def genesis_fields(a: Announcement, actor: str) -> list[str | int | None]:
    """Return what the first hash of a payment's history covers: all that was asked."""
    return [
        a.reference,
        a.client_id,
        a.customer_id,
        a.provider,
        a.account,
        a.amount.amount_minor,
        a.amount.currency,
        actor,
    ]
