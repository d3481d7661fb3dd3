"""What people see of dead letters: pages, groups, and one with all that belongs to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row

from domain.masking import masked
from workers.store.letter_filters import Wanted, condition

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from workers.database import Transaction

Shown = dict[str, Any]

GROUPS_MAX = 500
"""Groups in one list, the largest."""

_LETTER = """
    SELECT d.id, d.event_id, d.source AS provider, d.account, d.event_type AS type, d.reason,
           d.error_class, d.message, d.fingerprint, d.reference, d.provider_reference,
           d.amount_minor, d.currency, d.attempts, d.status, d.owner, d.dead_at, d.resolved_at
    FROM dead_letters d
"""


def _rows(tx: Transaction, query: str, values: Mapping[str, object]) -> list[Shown]:
    with tx.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, values).fetchall()


def page(tx: Transaction, wanted: Wanted, *, before: int | None, limit: int) -> list[Shown]:
    """Return a page of letters, newest first; `before` is the last id of the page before."""
    where, values = condition(wanted)
    if before is not None:
        where, values["before"] = f"{where} AND d.id < %(before)s", before
    query = f"{_LETTER} WHERE {where} ORDER BY d.id DESC LIMIT %(limit)s"
    return _rows(tx, query, {**values, "limit": limit})


def groups(tx: Transaction, wanted: Wanted, *, limit: int = GROUPS_MAX) -> list[Shown]:
    """Return letters by cause, the largest group first: one line is one thing to decide.

    `sample_id` is the newest letter of a group, whose words stand for all; `amounts_minor` is what
    the group is about, by currency.
    """
    where, values = condition(wanted)
    query = f"""
        WITH part AS (
            SELECT d.fingerprint, d.currency, count(*) AS letters, max(d.id) AS sample_id,
                   min(d.dead_at) AS oldest_at, max(d.dead_at) AS newest_at,
                   sum(d.amount_minor)::bigint AS amount_minor
            FROM dead_letters d WHERE {where} GROUP BY 1, 2
        ), cause AS (
            SELECT fingerprint, sum(letters)::bigint AS letters, max(sample_id) AS sample_id,
                   min(oldest_at) AS oldest_at, max(newest_at) AS newest_at,
                   coalesce(jsonb_object_agg(currency, amount_minor)
                            FILTER (WHERE currency IS NOT NULL), '{{}}') AS amounts_minor
            FROM part GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT %(limit)s
        )
        SELECT c.fingerprint, c.letters, d.source AS provider, d.event_type AS type, d.reason,
               d.error_class, d.message, c.amounts_minor, c.oldest_at, c.newest_at, c.sample_id
        FROM cause c JOIN dead_letters d ON d.id = c.sample_id
        ORDER BY c.letters DESC, c.fingerprint
    """
    return _rows(tx, query, {**values, "limit": limit})


def count(tx: Transaction, wanted: Wanted) -> int:
    """Return how many letters are wanted."""
    where, values = condition(wanted)
    return int(_rows(tx, f"SELECT count(*) AS n FROM dead_letters d WHERE {where}", values)[0]["n"])


def ids(tx: Transaction, wanted: Wanted, *, limit: int) -> list[int]:
    """Return the ids of wanted letters, oldest first."""
    where, values = condition(wanted)
    query = f"SELECT d.id FROM dead_letters d WHERE {where} ORDER BY d.id LIMIT %(limit)s"
    return [row["id"] for row in _rows(tx, query, {**values, "limit": limit})]


def one(tx: Transaction, letter_id: int) -> Shown | None:
    """Return one letter with attempts, history, event, edits and its payment, or None.

    The body is masked; `unmasked_body` has it as it came.
    """
    found = _rows(tx, f"{_LETTER} WHERE d.id = %(id)s", {"id": letter_id})
    if not found:
        return None
    shown = found[0]
    by_event = {"event_id": shown["event_id"]}
    shown["tries"] = _rows(tx, _TRIES, by_event)
    shown["history"] = _rows(tx, _HISTORY, {"id": letter_id})
    shown["event"] = next(iter(_rows(tx, _EVENT, by_event)), None)
    if shown["event"] is not None:
        shown["event"]["masked_body"] = masked(shown["event"].pop("raw"))
    shown["edits"] = _rows(tx, _EDITS, by_event)
    shown["payment"] = next(iter(_rows(tx, _PAYMENT, {"id": letter_id})), None)
    return shown


def unmasked_body(tx: Transaction, letter_id: int) -> bytes | None:
    """Return the raw body of a letter's event. Whoever shows it has noted that it was shown."""
    row = tx.execute(_BODY, {"id": letter_id}).fetchone()
    return row[0] if row else None


_TRIES = """
    SELECT number, started_at, ended_at, worker, outcome, error_class, message, replay_id
    FROM attempts WHERE event_id = %(event_id)s ORDER BY id
"""

_HISTORY = """
    SELECT action, actor, reason, replay_id, at FROM dead_letter_actions
    WHERE dead_letter_id = %(id)s ORDER BY id
"""

_EVENT = """
    SELECT e.id, e.received_at, e.source AS provider, e.account, e.event_key, e.reference, e.mode,
           e.headers, e.key_id, e.request_id, e.traceparent, octet_length(e.body) AS body_bytes,
           encode(sha256(e.body), 'hex') AS body_sha256, e.body AS raw
    FROM inbound_events e
    JOIN dead_letters d ON d.event_id = e.id AND d.received_at = e.received_at
    WHERE e.id = %(event_id)s
"""

_EDITS = """
    SELECT child_event_id, parent_event_id, diff, actor, approved_by, reason, at FROM event_edits
    WHERE parent_event_id = %(event_id)s OR child_event_id = %(event_id)s ORDER BY at
"""

_PAYMENT = """
    SELECT reference, provider, account, state, amount_minor, currency, customer_id,
           captured_minor, refunded_minor, disputed_minor, lock_version AS version
    FROM payment_logs WHERE reference = coalesce(
        (SELECT reference FROM dead_letters WHERE id = %(id)s),
        (SELECT p.reference FROM dead_letters d
         JOIN provider_references r ON r.provider = d.source AND r.account = d.account
             AND r.provider_reference = d.provider_reference
         JOIN payment_logs p ON p.id = r.payment_id WHERE d.id = %(id)s))
"""

_BODY = """
    SELECT e.body FROM dead_letters d
    JOIN inbound_events e ON e.id = d.event_id AND e.received_at = d.received_at
    WHERE d.id = %(id)s
"""

EXPORTED_AT_ONCE = 500
"""Letters that one statement of an export reads."""


def exported(tx: Transaction, wanted: Wanted, *, limit: int, raw: bool) -> Iterator[Shown]:
    """Yield letters, oldest first; with `raw` each with its body, as `body` in Latin-1."""
    after = 0
    while limit > 0:
        where, values = condition(wanted)
        body = ", e.body AS raw" if raw else ""
        joined = (
            "JOIN inbound_events e ON e.id = d.event_id AND e.received_at = d.received_at"
            if raw
            else ""
        )
        query = f"""{_LETTER.replace("FROM dead_letters d", f"{body} FROM dead_letters d")} {joined}
            WHERE {where} AND d.id > %(after)s ORDER BY d.id LIMIT %(limit)s"""
        some = _rows(tx, query, {**values, "after": after, "limit": min(limit, EXPORTED_AT_ONCE)})
        if not some:
            return
        yield from some
        after, limit = some[-1]["id"], limit - len(some)


def open_of(tx: Transaction, letter_ids: Sequence[int]) -> list[int]:
    """Return which of these letters are open."""
    return ids(tx, Wanted(ids=tuple(letter_ids)), limit=len(letter_ids))
