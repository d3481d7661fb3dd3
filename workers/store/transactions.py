"""What we have of providers' transactions: what was told of them, and what is in the books."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from domain import reconciliation
from domain.facts import Fact, FactKind, FactStatus
from domain.money import Money
from domain.reconciliation import Here
from workers.store import ledger, references
from workers.store.references import Named

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from domain.reconciliation import There
    from workers.database import Transaction


class Books(NamedTuple):
    """One account of one provider, as it was known at a moment; None: as it is known now."""

    provider: str
    account: str
    as_of: datetime | None


_PAYMENTS = """
    SELECT reference, id FROM payment_logs
    WHERE reference = ANY(%s) AND provider = %s AND account = %s
"""


def found_here(tx: Transaction, books: Books, listed: Sequence[There]) -> list[Here]:
    """Return what we have of each of these transactions, in their order.

    A transaction that another payment's events have named is that payment's, whatever reference
    the list gives it.
    """
    provider, account, _ = books
    named = {item.object_id: Named(provider, account, item.object_id) for item in listed}
    owners = references.find(tx, sorted(named.values()))
    paid = {item: owners.get(named[item.object_id], item.reference) for item in listed}
    wanted = sorted({reference for reference in paid.values() if reference is not None})
    ids: dict[str, int] = dict(tx.execute(_PAYMENTS, (wanted, provider, account)).fetchall())
    facts, posted = _told(tx, books, list(ids.values())), _posted(tx, books, list(ids.values()))
    unclaimed = _unclaimed(tx, books, [item for item in listed if paid[item] not in ids])
    return [
        reconciliation.here(
            reference,
            facts.get(ids[reference], ()),
            item.object_id,
            posted.get((ids[reference], item.object_id), {}),
        )
        if (reference := paid[item]) is not None and reference in ids
        else Here(posted_minor=unclaimed.get(item.object_id, {}))
        for item in listed
    ]


_FACTS = """
    SELECT payment_id, kind, object_id, status, amount_minor, currency, capture_id
    FROM payment_facts
    WHERE payment_id = ANY(%s) AND kind IN ('succeeded', 'refund', 'refund_total')
      AND created_at <= coalesce(%s::timestamptz, 'infinity')
    ORDER BY id
"""


def _told(tx: Transaction, books: Books, payment_ids: Sequence[int]) -> dict[int, tuple[Fact, ...]]:
    told: dict[int, tuple[Fact, ...]] = {}
    rows = tx.execute(_FACTS, (list(payment_ids), books.as_of))
    for payment_id, kind, object_id, status, amount_minor, currency, capture_id in rows:
        amount = Money(currency, amount_minor)
        fact = Fact(FactKind(kind), object_id, FactStatus(status), amount, capture_id)
        told[payment_id] = (*told.get(payment_id, ()), fact)
    return told


_POSTED = """
    SELECT payment_id, regexp_replace(object_id, CASE effect WHEN 'capture' THEN '^$'
                                                 ELSE '@[0-9]+$' END, '') AS transaction_id,
           currency, -sum(amount_minor)::bigint
    FROM ledger_entries
    WHERE payment_id = ANY(%s) AND effect IN ('capture', 'capture_adjustment')
      AND starts_with(account, 'provider_clearing:') AND at <= coalesce(%s::timestamptz, 'infinity')
    GROUP BY 1, 2, 3
"""


def _posted(
    tx: Transaction, books: Books, payment_ids: Sequence[int]
) -> dict[tuple[int, str], dict[str, int]]:
    posted: dict[tuple[int, str], dict[str, int]] = {}
    for payment_id, object_id, currency, amount_minor in tx.execute(
        _POSTED, (list(payment_ids), books.as_of)
    ):
        posted.setdefault((payment_id, object_id), {})[currency] = amount_minor
    return posted


def _unclaimed(
    tx: Transaction, books: Books, listed: Sequence[There]
) -> Mapping[str, dict[str, int]]:
    """Return what is held in suspense for payments that nobody announced, by transaction."""
    names = {
        reconciliation.unclaimed_name(
            books.provider, books.account, item.object_id, item.amount
        ): item
        for item in listed
        if item.amount is not None
    }
    held = ledger.unclaimed(tx, sorted(names)) if names else {}
    return {
        names[name].object_id: {leg.currency: leg.amount_minor}
        for name, movement in held.items()
        for leg in movement.legs
        if leg.amount_minor > 0
    }
