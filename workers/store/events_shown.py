"""What people see of inbound events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from psycopg.rows import dict_row

from domain.masking import masked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from workers.database import Transaction

Shown = dict[str, Any]

SCANNED_MAX = 5_000
"""Events that one page looks at; a rare status makes a short page, whose cursor goes on."""

_BECAME = """
    CASE WHEN w.event_id IS NOT NULL THEN 'owed'
         WHEN d.status IN ('open', 'replaying') THEN 'dead'
         WHEN d.status = 'discarded' THEN 'discarded'
         ELSE coalesce((SELECT a.outcome FROM attempts a
                        WHERE a.event_id = e.id AND a.outcome IN ('ignored', 'no_change')
                        ORDER BY a.id DESC LIMIT 1), 'applied') END
"""
"""What became of event e, whose work is w and whose dead letter is d, if there are any."""

BECAME = ("owed", "dead", "discarded", "ignored", "no_change", "applied")

_EVENT = f"""
    SELECT e.id, e.received_at, e.source AS provider, e.account, e.event_key, e.reference, e.mode,
           e.key_id, e.request_id, octet_length(e.body) AS body_bytes, {_BECAME} AS became,
           d.id AS dead_letter_id
    FROM {{events}} e
    LEFT JOIN inbound_work w ON w.event_id = e.id
    LEFT JOIN dead_letters d ON d.event_id = e.id
"""


class EventsWanted(NamedTuple):
    """Events that are meant; None leaves a condition out."""

    provider: str | None = None
    account: str | None = None
    reference: str | None = None
    became: str | None = None


def _rows(tx: Transaction, query: str, values: Mapping[str, object]) -> list[Shown]:
    with tx.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, values).fetchall()


def page(
    tx: Transaction, wanted: EventsWanted, *, before: int | None, limit: int
) -> tuple[list[Shown], int | None]:
    """Return events, newest first, and the cursor of the next page; None: there is no more."""
    parts = {
        "provider": "source = %(provider)s",
        "account": "account = %(account)s",
        "reference": "reference = %(reference)s",
    }
    given = {name: value for name, value in wanted._asdict().items() if value is not None}
    where = " AND ".join(parts[name] for name in given if name in parts) or "true"
    scanned = limit if wanted.became is None else SCANNED_MAX
    events = f"""(SELECT * FROM inbound_events WHERE {where}
                  AND (%(before)s::bigint IS NULL OR id < %(before)s)
                  ORDER BY id DESC LIMIT {scanned})"""
    found = _rows(
        tx,
        f"{_EVENT.format(events=events)} ORDER BY e.id DESC",
        {**given, "before": before},
    )
    kept = [each for each in found if wanted.became in (None, each["became"])]
    if len(kept) > limit or (len(kept) == limit and len(found) == scanned):
        return kept[:limit], kept[limit - 1]["id"]
    return kept, found[-1]["id"] if len(found) == scanned else None


def one(tx: Transaction, event_id: int) -> Shown | None:
    """Return an event with its attempts and edits, its body masked; None when it is not there."""
    query = f"{_EVENT.format(events='inbound_events')} WHERE e.id = %(id)s"
    found = _rows(tx, query, {"id": event_id})
    if not found:
        return None
    shown = found[0]
    shown["masked_body"] = masked(body(tx, event_id) or b"")
    shown["tries"] = _rows(tx, _TRIES, {"id": event_id})
    shown["edits"] = _rows(tx, _EDITS, {"id": event_id})
    shown["history"] = _rows(tx, _HISTORY, {"subject": subject(event_id)})
    return shown


def body(tx: Transaction, event_id: int) -> bytes | None:
    """Return the raw body of an event."""
    row = tx.execute("SELECT body FROM inbound_events WHERE id = %s", (event_id,)).fetchone()
    return row[0] if row else None


def subject(event_id: int) -> str:
    """Return what an event is called in the history of operators."""
    return f"event:{event_id}"


_TRIES = """
    SELECT number, started_at, ended_at, worker, outcome, error_class, message, replay_id
    FROM attempts WHERE event_id = %(id)s ORDER BY id
"""

_EDITS = """
    SELECT child_event_id, parent_event_id, dead_letter_id, diff, actor, approved_by, reason, at
    FROM event_edits WHERE parent_event_id = %(id)s OR child_event_id = %(id)s ORDER BY at
"""

_HISTORY = """
    SELECT at, action, actor, reason FROM operator_actions WHERE subject = %(subject)s ORDER BY id
"""


class Finished(NamedTuple):
    """An event that somebody wants tried again, and what speaks against it."""

    event_id: int
    received_at: datetime
    source: str
    is_owed: bool
    letter_id: int | None
    is_let_go: bool


_FINISHED = """
    SELECT e.id, e.received_at, e.source, w.event_id IS NOT NULL, d.id,
           coalesce(d.status = 'discarded', false)
    FROM inbound_events e
    LEFT JOIN inbound_work w ON w.event_id = e.id
    LEFT JOIN dead_letters d ON d.event_id = e.id AND d.status <> 'resolved'
    WHERE e.id = ANY(%s::bigint[]) ORDER BY e.id
"""


def finished(tx: Transaction, event_ids: Sequence[int]) -> list[Finished]:
    """Return these events, those that are kept, in id order."""
    return [Finished(*row) for row in tx.execute(_FINISHED, (list(event_ids),)).fetchall()]


_AFTER = """
    SELECT e.id, CASE WHEN w.event_id IS NOT NULL THEN 'owed'
                      WHEN d.id IS NOT NULL THEN 'dead'
                      ELSE coalesce((SELECT a.outcome FROM attempts a WHERE a.event_id = e.id
                                     AND a.replay_id = %(replay_id)s ORDER BY a.id DESC LIMIT 1),
                                    'applied') END
    FROM unnest(%(ids)s::bigint[]) AS e(id)
    LEFT JOIN inbound_work w ON w.event_id = e.id
    LEFT JOIN dead_letters d ON d.event_id = e.id AND d.status IN ('open', 'replaying')
    ORDER BY e.id
"""


def after(tx: Transaction, event_ids: Sequence[int], replay_id: int) -> list[tuple[int, str]]:
    """Return what became of events that this replay tried again."""
    values = {"ids": list(event_ids), "replay_id": replay_id}
    return [(row[0], row[1]) for row in tx.execute(_AFTER, values).fetchall()]
