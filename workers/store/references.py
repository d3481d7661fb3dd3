"""What providers call our payments: an attempt, an intent, a transaction of theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from domain.arrays import Int8s, Texts
from domain.errors import Transient
from workers.columns import pack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workers.database import Transaction


class Alias(NamedTuple):
    """A provider's name for a payment. A payment may have several, one for each attempt."""

    provider: str
    account: str
    provider_reference: str
    payment_id: int


class AliasTaken(Transient):
    """Another payment has just been given this name: looked at again, the event shows which."""

    code = "alias_taken"


_REMEMBER = """
    INSERT INTO provider_references (provider, account, provider_reference, payment_id)
    SELECT * FROM unnest(%b::text[], %b::text[], %b::text[], %b::bigint[])
    ON CONFLICT DO NOTHING
    RETURNING provider_reference
"""

_OWNED = """
    SELECT count(*) FROM provider_references
    JOIN unnest(%b::text[], %b::text[], %b::text[], %b::bigint[])
        AS u(provider, account, provider_reference, payment_id)
        USING (provider, account, provider_reference, payment_id)
"""


def remember(tx: Transaction, aliases: Sequence[Alias]) -> list[str]:
    """Remember aliases; return the provider's names that are new.

    Raises AliasTaken when one belongs to another payment: one transaction at a provider can be
    the money of one payment only.
    """
    if not aliases:
        return []
    columns = pack(sorted(aliases), (Texts, Texts, Texts, Int8s))
    new = [row[0] for row in tx.execute(_REMEMBER, columns).fetchall()]
    if len(new) < len(aliases):
        row = tx.execute(_OWNED, columns).fetchone()
        if row is None or row[0] < len(aliases):
            raise AliasTaken("a provider's transaction is another payment's already")
    return new


class Named(NamedTuple):
    """A payment as a provider names it."""

    provider: str
    account: str
    provider_reference: str


_FIND = """
    SELECT r.provider, r.account, r.provider_reference, p.reference
    FROM unnest(%b::text[], %b::text[], %b::text[])
        AS u(provider, account, provider_reference)
    JOIN provider_references r USING (provider, account, provider_reference)
    JOIN payment_logs p ON p.id = r.payment_id
"""


def find(tx: Transaction, named: Sequence[Named]) -> dict[Named, str]:
    """Return our references of the payments that are known by these names."""
    if not named:
        return {}
    columns = pack(named, (Texts, Texts, Texts))
    rows = tx.execute(_FIND, columns).fetchall()
    return {Named(*row[:3]): row[3] for row in rows}
