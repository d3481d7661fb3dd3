"""Edited events: the child, what it differs in from its parent, and who wrote it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from psycopg.types.json import Jsonb

from domain.arrays import Int8s

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from domain.wakeup import Lane
    from workers.database import Transaction


class Child(NamedTuple):
    """An event that a person made of another. `diff`: pointer, before and after of each place.

    `weighed_minor` is what it may move, minor units by currency: no more was agreed to.
    """

    parent_event_id: int
    letter_id: int
    source: str
    account: str
    mode: str | None
    reference: str | None
    event_key: str
    body: bytes
    diff: Sequence[dict[str, str | None]]
    weighed_minor: Mapping[str, int]
    operator: str
    actor: str
    approved_by: str | None
    reason: str


_KEEP = """
    WITH fresh AS (
        INSERT INTO inbound_dedup (source, account, event_key, body_sha256, event_id)
        VALUES (%(source)s, %(account)s, %(event_key)s, sha256(%(body)s),
                nextval('inbound_event_ids'))
        ON CONFLICT DO NOTHING
        RETURNING event_id
    ), event AS (
        INSERT INTO inbound_events (id, received_at, source, account, event_key, reference, mode,
                                    body, headers, key_id, request_id)
        SELECT event_id, now(), %(source)s, %(account)s, %(event_key)s, %(reference)s, %(mode)s,
               %(body)s, '{}', %(operator)s, %(event_key)s
        FROM fresh
    ), edit AS (
        INSERT INTO event_edits (child_event_id, parent_event_id, dead_letter_id, diff, actor,
                                 approved_by, reason, weighed_minor)
        SELECT event_id, %(parent_event_id)s, %(letter_id)s, %(diff)s, %(actor)s, %(approved_by)s,
               %(reason)s, %(weighed_minor)s
        FROM fresh
    )
    INSERT INTO inbound_work (event_id, received_at, lane, next_at)
    SELECT event_id, now(), %(lane)s, now() + make_interval(secs => %(delay_s)s) FROM fresh
    RETURNING event_id
"""


def keep(tx: Transaction, child: Child, *, lane: Lane, delay_s: float) -> int | None:
    """Keep the child, its lineage and the work it owes; None when this very edit is kept already.

    Nobody else takes up the work before `delay_s`.
    """
    values = {
        **child._asdict(),
        "diff": Jsonb(list(child.diff)),
        "weighed_minor": Jsonb(dict(child.weighed_minor)),
        "lane": lane,
        "delay_s": delay_s,
    }
    row = tx.execute(_KEEP, values).fetchone()
    return row[0] if row else None


_KEPT = "SELECT event_id FROM inbound_dedup WHERE (source, account, event_key) = (%s, %s, %s)"


def kept(tx: Transaction, source: str, account: str, event_key: str) -> int | None:
    """Return the event of an edit that was made before."""
    row = tx.execute(_KEPT, (source, account, event_key)).fetchone()
    return row[0] if row else None


_OUTCOME = """
    SELECT w.event_id IS NOT NULL AS owed, d.id, d.status, d.reason, d.message
    FROM (VALUES (%s::bigint)) AS e(id)
    LEFT JOIN inbound_work w ON w.event_id = e.id
    LEFT JOIN dead_letters d ON d.event_id = e.id
"""


class Outcome(NamedTuple):
    """What became of an event: whether work is owed, and its dead letter if it has one."""

    is_owed: bool
    letter_id: int | None
    status: str | None
    reason: str | None
    message: str | None


def outcome(tx: Transaction, event_id: int) -> Outcome:
    """Return what became of an event."""
    row = tx.execute(_OUTCOME, (event_id,)).fetchone()
    assert row is not None  # noqa: S101 - one row is joined to whatever there is
    return Outcome(*row)


_ALLOWED = """
    SELECT x.child_event_id, w.key, max(w.value::bigint)::bigint
    FROM event_edits x
    CROSS JOIN LATERAL (
        SELECT key, value FROM jsonb_each_text(x.weighed_minor)
        UNION ALL
        SELECT i.currency, i.amount_minor::text
        FROM dead_letters d JOIN replay_items i ON i.dead_letter_id = d.id
        WHERE d.event_id = x.child_event_id AND i.begun_at IS NOT NULL AND i.currency IS NOT NULL
        UNION ALL
        SELECT '', '0'
    ) w
    WHERE x.child_event_id = ANY(%b::bigint[])
    GROUP BY 1, 2
"""


def allowed_minor(tx: Transaction, event_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """Return what those of these events that people have edited may move, by currency.

    It is what was weighed when they were edited, or when a replay of them was begun.
    """
    found: dict[int, dict[str, int]] = {}
    for event_id, currency, minor in tx.execute(_ALLOWED, (Int8s(event_ids),)).fetchall():
        found.setdefault(event_id, {})[currency] = minor
    return found


_ASKED = """
    SELECT currency, max(amount_minor)::bigint FROM payment_logs
    WHERE reference = %s AND provider = %s AND account = %s GROUP BY 1
"""


def asked_minor(
    tx: Transaction, reference: str | None, source: str, account: str
) -> dict[str, int]:
    """Return what the payment of this reference was asked for, by currency."""
    return dict(tx.execute(_ASKED, (reference, source, account)).fetchall())
