"""Having the provider asked about a payment, because a person wants to know now."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from domain.commands import Command, CommandKind
from domain.errors import ProviderUnknown
from workers.commands import enqueue
from workers.correcting import PaymentUnknown
from workers.operations import following
from workers.settings import KEY_VARIABLES
from workers.store import views

if TYPE_CHECKING:
    from workers.database import Database

NUMBER_BYTES = 8
"""Random bytes that make each question one of its own."""


def verify(database: Database, reference: str, *, actor: str, reason: str) -> int:
    """Have a worker ask what became of a payment; return the event of the question.

    Raises PaymentUnknown, and ProviderUnknown for a provider that cannot be asked.
    """
    with database.transaction() as tx:
        found = views.payment(tx, reference)
        if found is None:
            raise PaymentUnknown(f"no payment is announced as {reference}")
        if found["provider"] not in KEY_VARIABLES:
            raise ProviderUnknown(f"{found['provider']} cannot be asked")
        command = Command(
            CommandKind.VERIFY,
            found["provider"],
            found["account"],
            reference,
            f"{actor} ({reason})",
            number=f"operator-{secrets.token_hex(NUMBER_BYTES)}",
        )
        [event_id] = enqueue(tx, [command], request_id=command.number)
    following.ring(event_id)
    return event_id
