"""What providers call our payments: an attempt, an intent, a transaction of theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workers.database import Transaction


class Alias(NamedTuple):
    """A provider's name for a payment. A payment may have several, one for each attempt."""

    provider: str
    account: str
    provider_reference: str
    payment_id: int


_REMEMBER = """
    INSERT INTO provider_references (provider, account, provider_reference, payment_id)
    SELECT * FROM unnest(%b::text[], %b::text[], %b::text[], %b::bigint[])
    ON CONFLICT DO NOTHING
"""


def remember(tx: Transaction, aliases: Sequence[Alias]) -> None:
    """Remember aliases; the first payment that had one keeps it."""
    if aliases:
        columns = zip(*sorted(aliases), strict=True)
        tx.execute(_REMEMBER, [list(column) for column in columns])


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
    columns = [list(column) for column in zip(*named, strict=True)]
    rows = tx.execute(_FIND, columns).fetchall()
    return {Named(*row[:3]): row[3] for row in rows}
