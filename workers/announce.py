"""Announce payments: what was asked, before anything is heard from a provider."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg.types.json import Jsonb

from domain import audit
from domain.announcement import genesis_fields
from domain.errors import Refused
from workers import healing
from workers.store import dead_letters

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.announcement import Announcement
    from workers.database import Database, Transaction


class ReferenceInUse(Refused):
    """Another payment has this reference."""

    code = "reference_in_use"
    http_status = 409
    title = "The reference is in use"


_INSERT = """
    INSERT INTO payment_logs (reference, client_id, customer_id, provider, account, amount_minor,
                              currency, idempotency_key, metadata, announced_by, head_hash)
    SELECT * FROM unnest(%b::text[], %b::text[], %b::text[], %b::text[], %b::text[], %b::bigint[],
                         %b::text[], %b::uuid[], %s::jsonb[], %b::text[], %b::bytea[])
    ON CONFLICT (reference) DO NOTHING
"""

_EQUAL = """
    SELECT count(*) FROM payment_logs p
    JOIN unnest(%b::text[], %b::text[], %b::text[], %b::text[], %b::text[], %b::bigint[],
                %b::text[]) AS u(reference, client_id, customer_id, provider, account,
                                 amount_minor, currency)
      USING (reference, client_id, customer_id, provider, account, amount_minor, currency)
"""


def announce(database: Database, announcements: Sequence[Announcement], *, actor: str) -> int:
    """Make payments known, all or none; return how many were new.

    Repeating an equal announcement is harmless. Raises ReferenceInUse when a reference belongs to
    a payment that was asked for otherwise. Events that came before are taken up at once.
    """
    with database.transaction() as tx:
        return announce_in(tx, announcements, actor=actor)


def announce_in(tx: Transaction, announcements: Sequence[Announcement], *, actor: str) -> int:
    """Make payments known in the caller's transaction; as `announce` does."""
    rows = [
        (
            a.reference,
            a.client_id,
            a.customer_id,
            a.provider,
            a.account,
            a.amount.amount_minor,
            a.amount.currency,
            a.idempotency_key,
            Jsonb(a.metadata),
            actor,
            audit.genesis(genesis_fields(a, actor)),
        )
        for a in sorted(announcements, key=lambda a: a.reference)
    ]
    columns = [list(column) for column in zip(*rows, strict=True)]
    new = tx.execute(_INSERT, columns).rowcount
    row = tx.execute(_EQUAL, columns[:7]).fetchone()
    if row is None or row[0] != len(rows):
        raise ReferenceInUse("a reference belongs to a payment that was asked for otherwise")
    healing.take_up(tx, dead_letters.of_references(tx, columns[0]))
    return new
