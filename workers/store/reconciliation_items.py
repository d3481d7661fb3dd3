"""What runs of reconciliation found: every transaction while a run goes on, then what differs."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from domain.commands import INTERNAL
from domain.money import Money
from domain.reconciliation import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from domain.reconciliation import Finding, Here, There
    from workers.database import Transaction
    from workers.store.reconciliations import Run

UNASKED = "not listed"
"""The status of a capture that the list did not have, until its provider is asked about it."""


class Item(NamedTuple):
    """A transaction, what is the matter with it, and the command that asks about it."""

    there: There
    here: Here
    finding: Finding
    event_id: int | None = None


_ADD = """
    INSERT INTO reconciliation_items (run_id, object_id, reference, status, amount_minor, currency,
        refunded_minor, here_minor, here_refunded_minor, verdict, note, event_id)
    SELECT %s, u.* FROM unnest(%s::text[], %s::text[], %s::text[], %s::bigint[], %s::text[],
        %s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::bigint[]) AS u
    ON CONFLICT DO NOTHING
    RETURNING verdict
"""


def add(tx: Transaction, run_id: int, items: Sequence[Item]) -> list[str]:
    """Write items; return the verdicts of those that are new: a list may name one twice."""
    if not items:
        return []
    columns = [list(column) for column in zip(*map(_row, items), strict=True)]
    return [row[0] for row in tx.execute(_ADD, [run_id, *columns]).fetchall()]


def _row(item: Item) -> tuple[object, ...]:
    there, here, finding, event_id = item
    claimed = max(here.claims, default=None)
    money = there.amount or claimed
    return (
        there.object_id,
        here.reference or there.reference,
        there.status,
        there.amount.amount_minor if there.amount else None,
        money.currency if money else None,
        there.refunded_minor,
        claimed.amount_minor if claimed else None,
        here.refunded_minor[0] if claimed else None,
        finding.verdict.value,
        finding.note,
        event_id,
    )


_FACT_AT = "SELECT id, created_at FROM payment_facts WHERE id >= %s ORDER BY id LIMIT 1"


def first_fact(tx: Transaction, since: datetime) -> int:
    """Return an id before which no fact was stored since then.

    Facts are stored in the order of their ids but for some seconds; so halving finds the place in
    some thirty looks at the primary key, however many there are.
    """
    newest = tx.execute("SELECT coalesce(max(id), 0) FROM payment_facts").fetchone()
    low, high = 0, (newest[0] if newest else 0) + 1
    while low < high:
        middle = (low + high) // 2
        row = tx.execute(_FACT_AT, (middle,)).fetchone()
        if row is None or row[1] >= since:
            high = middle
        else:
            low = row[0] + 1
    return low


class Scanned(NamedTuple):
    """A part of the facts that was held against the list. `last_id` None: there are no more."""

    last_id: int | None
    added: int


_SCAN = f"""
    WITH scanned AS MATERIALIZED (
        SELECT id, payment_id, kind, object_id, amount_minor, currency, provider_at, created_at
        FROM payment_facts WHERE id >= %(from_id)s ORDER BY id LIMIT %(limit)s
    ), added AS (
        INSERT INTO reconciliation_items (run_id, object_id, reference, status, currency,
            here_minor, here_refunded_minor, verdict, note)
        SELECT DISTINCT ON (f.object_id) %(run_id)s::bigint, f.object_id, p.reference, '{UNASKED}',
               f.currency, f.amount_minor, 0, '{Verdict.MISSING_THERE}',
               'not listed, and not asked about'
        FROM scanned f JOIN payment_logs p ON p.id = f.payment_id
        WHERE f.kind = 'succeeded' AND f.created_at >= %(since)s
          AND coalesce(f.provider_at, f.created_at) >= %(since)s
          AND coalesce(f.provider_at, f.created_at) < %(until)s
          AND p.provider = %(provider)s AND p.account = %(account)s
        ORDER BY f.object_id, f.id
        ON CONFLICT DO NOTHING
        RETURNING 1
    )
    SELECT max(id), count(*) = %(limit)s, (SELECT count(*) FROM added) FROM scanned
"""


def scan(
    tx: Transaction, run: Run, *, from_id: int, window: tuple[datetime, datetime], limit: int
) -> Scanned:
    """Add the captures of the window, by the provider's clock, that are no items of the run yet.

    Only among so many facts, from this id on.
    """
    values = {
        "from_id": from_id,
        "limit": limit,
        "run_id": run.id,
        "since": window[0],
        "until": window[1],
        "provider": run.provider,
        "account": run.account,
    }
    row = tx.execute(_SCAN, values).fetchone()
    assert row is not None  # noqa: S101 - an aggregate without GROUP BY always gives a row
    return Scanned(row[0] if row[1] else None, row[2])


class Unlisted(NamedTuple):
    """A capture that a provider's list did not have, and its payment."""

    object_id: str
    reference: str
    customer_id: str
    asked: Money
    captured: Money
    provider_reference: str | None


_UNASKED = f"""
    SELECT i.object_id, p.reference, p.customer_id, p.amount_minor, p.currency, i.here_minor,
           i.currency, p.provider_reference
    FROM reconciliation_items i JOIN payment_logs p ON p.reference = i.reference
    WHERE i.run_id = %s AND i.verdict = '{Verdict.MISSING_THERE}' AND i.status = '{UNASKED}'
      AND i.object_id > %s
    ORDER BY i.object_id LIMIT %s
"""


def unasked(tx: Transaction, run_id: int, *, after: str, limit: int) -> list[Unlisted]:
    """Return captures that were not listed and not asked about yet, in the order of their ids."""
    return [
        Unlisted(row[0], row[1], row[2], Money(row[4], row[3]), Money(row[6], row[5]), row[7])
        for row in tx.execute(_UNASKED, (run_id, after, limit)).fetchall()
    ]


UNANSWERED = "unanswered"
"""The status of a capture about which the provider was asked for long, and never said a thing."""


def unanswered(tx: Transaction, run_id: int) -> int:
    """Count the captures about which there was no answer."""
    row = tx.execute(
        "SELECT count(*) FROM reconciliation_items WHERE run_id = %s AND status = %s",
        (run_id, UNANSWERED),
    ).fetchone()
    return row[0] if row else 0


class Answered(NamedTuple):
    """What the provider said about a capture that it had not listed."""

    object_id: str
    status: str
    finding: Finding


_ANSWER = f"""
    WITH answered AS (
        UPDATE reconciliation_items i SET status = u.status, verdict = u.verdict, note = u.note
        FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[])
            AS u(object_id, status, verdict, note)
        WHERE i.run_id = %s AND i.object_id = u.object_id
        RETURNING i.verdict
    )
    UPDATE reconciliation_runs SET missing_there = missing_there - (
        SELECT count(*) FROM answered WHERE verdict <> '{Verdict.MISSING_THERE}')
    WHERE id = %s
"""


def answer(tx: Transaction, run_id: int, answers: Sequence[Answered]) -> None:
    """Write what was said; what is there after all is missing no more."""
    columns = [
        [each.object_id for each in answers],
        [each.status for each in answers],
        [each.finding.verdict.value for each in answers],
        [each.finding.note for each in answers],
    ]
    tx.execute(_ANSWER, (*columns, run_id, run_id))


_CLEAR = f"""
    WITH part AS MATERIALIZED (
        SELECT object_id FROM reconciliation_items
        WHERE run_id = %(run_id)s AND object_id > %(after)s ORDER BY object_id LIMIT %(limit)s
    ), cleared AS (
        DELETE FROM reconciliation_items i USING part
        WHERE i.run_id = %(run_id)s AND i.object_id = part.object_id
          AND i.verdict = '{Verdict.EQUAL}'
    )
    SELECT max(object_id), count(*) = %(limit)s FROM part
"""


def clear(tx: Transaction, run_id: int, *, after: str, limit: int) -> str | None:
    """Let go of what is equal among so many items; return the last of them, None at the end."""
    row = tx.execute(_CLEAR, {"run_id": run_id, "after": after, "limit": limit}).fetchone()
    assert row is not None  # noqa: S101 - an aggregate without GROUP BY always gives a row
    return row[0] if row[1] else None


_FED_IDS = f"""
    SELECT event_key, event_id FROM inbound_dedup
    WHERE source = '{INTERNAL}' AND account = 'default' AND event_key = ANY(%s)
"""


def command_ids(tx: Transaction, keys: Sequence[str]) -> dict[str, int]:
    """Return the events of commands by their keys."""
    return dict(tx.execute(_FED_IDS, (list(keys),)).fetchall())


_UNFINISHED = """
    SELECT count(*) FROM reconciliation_items i JOIN inbound_work w ON w.event_id = i.event_id
    WHERE i.run_id = %s AND w.received_at > now() - make_interval(secs => %s)
"""


def unfinished(tx: Transaction, run_id: int, *, younger_than_s: float) -> int:
    """Count what the run has fed and nobody has finished yet, without what waits for too long."""
    row = tx.execute(_UNFINISHED, (run_id, younger_than_s)).fetchone()
    return row[0] if row else 0


class Open(NamedTuple):
    """An item that differed, to be looked at again."""

    object_id: str
    reference: str | None
    status: str
    amount_minor: int | None
    currency: str | None
    refunded_minor: int | None


_OPEN = """
    SELECT object_id, reference, status, amount_minor, currency, refunded_minor
    FROM reconciliation_items
    WHERE run_id = %s AND verdict IN ('missing_here', 'mismatched') AND event_id IS NOT NULL
      AND (amount_minor IS NOT NULL OR here_minor IS NOT NULL) AND object_id > %s
    ORDER BY object_id LIMIT %s
"""


def opened(tx: Transaction, run_id: int, *, after: str, limit: int) -> list[Open]:
    """Return items about which somebody was asked, in the order of their ids."""
    return [Open(*row) for row in tx.execute(_OPEN, (run_id, after, limit)).fetchall()]


def mend(tx: Transaction, run_id: int, object_ids: Sequence[str]) -> None:
    """Note that these differ no more."""
    tx.execute(
        """WITH mended AS (
               UPDATE reconciliation_items SET mended = true
               WHERE run_id = %s AND object_id = ANY(%s) AND NOT mended RETURNING 1
           )
           UPDATE reconciliation_runs SET mended = mended + (SELECT count(*) FROM mended)
           WHERE id = %s""",
        (run_id, list(object_ids), run_id),
    )
