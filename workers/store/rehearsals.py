"""What a rehearsal reads: the letters it is about, and what its own transaction has written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from psycopg.rows import dict_row

from workers.store.letter_filters import ANY_STATUS, Wanted, condition

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from workers.database import Transaction


class Chosen(NamedTuple):
    """A letter that is rehearsed. `kills`: it died with whoever applied it."""

    letter_id: int
    event_id: int
    is_open: bool
    kills: bool


def _meant(wanted: Wanted) -> Wanted:
    """Take letters that are named one by one whatever their status, as a replay does."""
    return wanted if wanted.ids is None else wanted._replace(status=ANY_STATUS)


def choose(tx: Transaction, wanted: Wanted, *, limit: int) -> list[Chosen]:
    """Return the letters that a replay would begin with, oldest first."""
    where, values = condition(_meant(wanted))
    query = f"""SELECT d.id, d.event_id, d.status = 'open', d.reason = 'crash_loop'
                FROM dead_letters d WHERE {where} ORDER BY d.id LIMIT %(limit)s"""
    return [Chosen(*row) for row in tx.execute(query, {**values, "limit": limit}).fetchall()]


def count(tx: Transaction, wanted: Wanted) -> int:
    """Return how many letters a replay would be about."""
    where, values = condition(_meant(wanted))
    row = tx.execute(f"SELECT count(*) FROM dead_letters d WHERE {where}", values).fetchone()
    return row[0] if row else 0


def floor(tx: Transaction) -> int:
    """Return an id that every movement written from here on is above."""
    row = tx.execute("SELECT nextval('ledger_movement_ids')").fetchone()
    assert row is not None  # noqa: S101 - nextval always returns a row
    movement_id: int = row[0]
    return movement_id


_ENTRIES = """
    SELECT account, currency, sum(amount_minor)::bigint AS amount_minor FROM ledger_entries
    WHERE movement_id > %(floor)s AND event_id = ANY(%(events)s::bigint[])
    GROUP BY 1, 2 HAVING sum(amount_minor) <> 0 ORDER BY 1, 2
"""


def entries(tx: Transaction, floor: int, event_ids: Sequence[int]) -> list[dict[str, Any]]:
    """Sum, by account and currency, what these events have posted since."""
    return _rows(tx, _ENTRIES, {"floor": floor, "events": list(event_ids)})


_PAYMENTS = """
    SELECT reference, state, captured_minor, refunded_minor, disputed_minor, currency,
           lock_version AS version
    FROM payment_logs WHERE reference = ANY(%(references)s::text[]) ORDER BY id
"""


def payments(tx: Transaction, references: Sequence[str]) -> list[dict[str, Any]]:
    """Return where these payments stand."""
    return _rows(tx, _PAYMENTS, {"references": list(references)})


def _rows(tx: Transaction, query: str, values: Mapping[str, object]) -> list[dict[str, Any]]:
    with tx.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, values).fetchall()
