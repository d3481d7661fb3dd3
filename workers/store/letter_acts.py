"""What people do to dead letters besides replaying them; all of it goes into their history."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from domain.arrays import Int8s

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from workers.database import Transaction

_CHANGE = """
    WITH meant AS MATERIALIZED (
        SELECT id FROM dead_letters
        WHERE id = ANY(%(ids)b::bigint[]) AND status = %(status)s
        ORDER BY id FOR UPDATE
    ), changed AS (
        UPDATE dead_letters d SET {change} FROM meant WHERE d.id = meant.id
    )
    INSERT INTO dead_letter_actions (dead_letter_id, action, actor, reason)
    SELECT id, %(action)s, %(actor)s, %(reason)s FROM meant
"""


class _Act(NamedTuple):
    """What is done to a letter of one status: how it is called, and what it sets."""

    action: str
    from_status: str
    change: str


_DISCARD = _Act("discarded", "open", "status = 'discarded', resolved_at = now()")
_REOPEN = _Act("reopened", "discarded", "status = 'open', resolved_at = NULL")
_ASSIGN = _Act("assigned", "open", "owner = %(owner)s")

_NOTE = """
    INSERT INTO dead_letter_actions (dead_letter_id, action, actor, reason)
    SELECT id, %(action)s, %(actor)s, %(reason)s FROM dead_letters
    WHERE id = ANY(%(ids)b::bigint[])
"""


def discard(tx: Transaction, letter_ids: Sequence[int], *, actor: str, reason: str) -> int:
    """Close open letters that a person lets go; return how many of them were open."""
    return _act(tx, _DISCARD, letter_ids, actor=actor, reason=reason)


def reopen(tx: Transaction, letter_ids: Sequence[int], *, actor: str, reason: str) -> int:
    """Open letters again that had been let go; return how many of them were."""
    return _act(tx, _REOPEN, letter_ids, actor=actor, reason=reason)


def assign(
    tx: Transaction, letter_ids: Sequence[int], owner: str | None, *, actor: str, reason: str
) -> int:
    """Give open letters an owner, or none; return how many of them were open."""
    said = f"to {owner or 'nobody'}: {reason}"
    return _act(tx, _ASSIGN, letter_ids, actor=actor, reason=said, owner=owner)


def _act(
    tx: Transaction,
    act: _Act,
    letter_ids: Sequence[int],
    *,
    actor: str,
    reason: str,
    owner: str | None = None,
) -> int:
    given = {
        "ids": Int8s(letter_ids),
        "status": act.from_status,
        "action": act.action,
        "actor": actor,
        "reason": reason,
        "owner": owner,
    }
    return tx.execute(_CHANGE.format(change=act.change).encode(), given).rowcount


def note(
    tx: Transaction, letter_ids: Sequence[int], action: str, *, actor: str, reason: str
) -> int:
    """Append to the history of letters, whatever their status; return how many there are."""
    given = {"ids": Int8s(letter_ids), "action": action, "actor": actor, "reason": reason}
    return tx.execute(_NOTE, given).rowcount


class Parent(NamedTuple):
    """The event of a letter, the letter's row locked. `kills`: it died with whoever applied it."""

    letter_id: int
    event_id: int
    source: str
    account: str
    mode: str | None
    body: bytes
    received_at: datetime
    status: str
    kills: bool
    event_key: str


_PARENT = """
    SELECT d.id, e.id, e.source, e.account, e.mode, e.body, e.received_at, d.status,
           d.reason = 'crash_loop', e.event_key
    FROM dead_letters d
    JOIN inbound_events e ON e.id = d.event_id AND e.received_at = d.received_at
    WHERE d.id = %s
    FOR UPDATE OF d
"""


def parent(tx: Transaction, letter_id: int) -> Parent | None:
    """Return the event that an edit is made of; None when there is no such letter or event."""
    row = tx.execute(_PARENT, (letter_id,)).fetchone()
    return Parent(*row) if row else None
