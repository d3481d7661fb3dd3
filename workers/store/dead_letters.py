"""Dead letters: buried, raised again, or laid to rest, with everything ever done to them."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, NamedTuple

from domain.arrays import Int4s, Int8s, Texts, Times
from domain.commands import INTERNAL
from workers.columns import pack

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from domain.judgement import Burial
    from workers.database import Transaction

SYSTEM = "payratchet"
"""The actor of what the system does by itself."""


class Letter(NamedTuple):
    """An event that is set aside, and why."""

    event_id: int
    received_at: datetime
    source: str
    account: str
    event_type: str
    reference: str | None
    provider_reference: str | None
    reason: str
    error_class: str
    fingerprint: str
    message: str
    amount_minor: int | None
    currency: str | None
    attempts: int


_BURY = """
    WITH letters AS (
        SELECT * FROM unnest(%b::bigint[], %b::timestamptz[], %b::text[], %b::text[], %b::text[],
            %b::text[], %b::text[], %b::text[], %b::text[], %b::text[], %b::text[], %b::bigint[],
            %b::text[], %b::integer[])
            AS u(event_id, received_at, source, account, event_type, reference, provider_reference,
                 reason, error_class, fingerprint, message, amount_minor, currency, attempts)
    ), before AS (
        SELECT event_id FROM dead_letters WHERE event_id IN (SELECT event_id FROM letters)
    ), buried AS (
        INSERT INTO dead_letters AS d (event_id, received_at, source, account, event_type,
            reference, provider_reference, reason, error_class, fingerprint, message, amount_minor,
            currency, attempts)
        SELECT * FROM letters
        ON CONFLICT ON CONSTRAINT dead_letters_event_once DO UPDATE
        SET status = 'open', reason = excluded.reason, error_class = excluded.error_class,
            fingerprint = excluded.fingerprint, message = excluded.message, dead_at = now(),
            resolved_at = NULL, attempts = d.attempts + excluded.attempts,
            reference = excluded.reference, provider_reference = excluded.provider_reference,
            event_type = excluded.event_type,
            amount_minor = excluded.amount_minor, currency = excluded.currency
        RETURNING d.id, d.event_id, d.reason, d.message
    )
    INSERT INTO dead_letter_actions (dead_letter_id, action, actor, reason)
    SELECT b.id,
           CASE WHEN b.event_id IN (SELECT event_id FROM before) THEN 'died_again' ELSE 'died' END,
           %s, b.reason || ': ' || b.message
    FROM buried b
"""
_KINDS = (
    *(Int8s, Times, Texts, Texts, Texts, Texts, Texts, Texts, Texts, Texts, Texts, Int8s),
    *(Texts, Int4s),
)


def bury(tx: Transaction, letters: Sequence[Letter]) -> None:
    """Set events aside, again if need be. Their work rows are deleted by the caller."""
    if letters:
        tx.execute(_BURY, [*pack(letters, _KINDS), SYSTEM])


_RESOLVE = """
    WITH resolved AS (
        UPDATE dead_letters SET status = 'resolved', resolved_at = now()
        WHERE event_id = ANY(%b::bigint[]) AND status IN ('open', 'replaying')
        RETURNING id
    )
    INSERT INTO dead_letter_actions (dead_letter_id, action, actor, reason)
    SELECT id, 'resolved', %s, %s FROM resolved
"""


def resolve(tx: Transaction, event_ids: Sequence[int], *, actor: str, reason: str) -> int:
    """Close the letters of events that went through after all; return how many there were."""
    if not event_ids:
        return 0
    return tx.execute(_RESOLVE, (list(event_ids), actor, reason)).rowcount


_PLACED = """
    WITH resolved AS (
        UPDATE dead_letters d SET status = 'resolved', resolved_at = now()
        WHERE event_id = ANY(%b::bigint[]) AND status = 'open' AND reason = 'missing_capture'
          AND NOT EXISTS (SELECT 1 FROM waiting_captures w WHERE w.event_id = d.event_id)
        RETURNING id
    )
    INSERT INTO dead_letter_actions (dead_letter_id, action, actor, reason)
    SELECT id, 'resolved', %s, 'the capture came' FROM resolved
"""


def resolve_placed(tx: Transaction, event_ids: Sequence[int]) -> None:
    """Close the letters of events that died for want of a capture and want none any more."""
    if event_ids:
        tx.execute(_PLACED, (list(event_ids), SYSTEM))


_REFETCHED = """
    WITH resolved AS (
        UPDATE dead_letters SET status = 'resolved', resolved_at = now()
        WHERE event_id = %s AND status = 'open' AND reason = 'refetch_required'
        RETURNING id
    )
    INSERT INTO dead_letter_actions (dead_letter_id, action, actor, reason)
    SELECT id, 'resolved', %s, 'the provider was asked instead' FROM resolved
"""


def resolve_refetched(tx: Transaction, event_id: int) -> None:
    """Close the letter of an event that said too little, once its provider has told more."""
    tx.execute(_REFETCHED, (event_id, SYSTEM))


_PARK = """
    WITH parked AS (
        INSERT INTO dead_letters AS d (event_id, received_at, source, account, event_type,
            reference, provider_reference, reason, error_class, fingerprint, message, attempts)
        SELECT e.id, e.received_at, e.source, e.account, 'unproven', e.reference, %(object_id)s,
               %(reason)s, %(error_class)s, %(fingerprint)s, %(message)s, 1
        FROM inbound_events e WHERE e.id = %(event_id)s
        ON CONFLICT ON CONSTRAINT dead_letters_event_once DO UPDATE
        SET status = 'open', reason = excluded.reason, error_class = excluded.error_class,
            fingerprint = excluded.fingerprint, message = excluded.message, dead_at = now(),
            resolved_at = NULL, attempts = d.attempts + 1
        WHERE d.status NOT IN ('open', 'discarded')
        RETURNING d.id, d.message, d.attempts
    )
    INSERT INTO dead_letter_actions (dead_letter_id, action, actor, reason)
    SELECT id, CASE WHEN attempts > 1 THEN 'died_again' ELSE 'died' END, %(actor)s,
           %(reason)s || ': ' || message
    FROM parked
"""


def park(
    tx: Transaction, event_id: int, burial: Burial, *, fingerprint: str, object_id: str | None
) -> None:
    """Set an event aside whose work is done, because nobody can be asked what it should prove."""
    values = {
        "event_id": event_id,
        "object_id": object_id,
        "fingerprint": fingerprint,
        "actor": SYSTEM,
        **asdict(burial),
    }
    tx.execute(_PARK, values)


_OPEN_OF_COMMAND = f"""
    SELECT l.id FROM dead_letters l
    JOIN inbound_dedup d ON d.event_id = l.event_id
    WHERE d.source = '{INTERNAL}' AND d.account = 'default' AND d.event_key = %s
      AND l.status = 'open'
"""


def open_of_command(tx: Transaction, key: str) -> list[int]:
    """Return the open letter of the command of this key, if it has one."""
    return [row[0] for row in tx.execute(_OPEN_OF_COMMAND, (key,)).fetchall()]


_RAISE = """
    WITH still AS MATERIALIZED (
        SELECT id FROM dead_letters WHERE id = ANY(%b::bigint[]) AND status = 'open'
        ORDER BY id FOR UPDATE
    ), raised AS (
        UPDATE dead_letters d SET status = 'replaying' FROM still WHERE d.id = still.id
        RETURNING d.id, event_id, received_at
    ), noted AS (
        INSERT INTO dead_letter_actions (dead_letter_id, action, actor, reason, replay_id)
        SELECT id, 'replayed', %s, %s, %s FROM raised
    )
    SELECT event_id, received_at FROM raised ORDER BY event_id
"""


def raise_again(
    tx: Transaction, letter_ids: Sequence[int], *, actor: str, reason: str, replay_id: int
) -> list[tuple[int, datetime]]:
    """Mark open letters as replaying; return their events. Closed ones are left as they are."""
    values = (list(letter_ids), actor, reason, replay_id)
    return [(row[0], row[1]) for row in tx.execute(_RAISE, values).fetchall()]


def next_replay_id(tx: Transaction) -> int:
    """Name a replay."""
    row = tx.execute("SELECT nextval('replay_ids')").fetchone()
    assert row is not None  # noqa: S101 - nextval always returns a row
    replay_id: int = row[0]
    return replay_id


_OF_ITS_ACCOUNT = """
    ((p.provider = d.source AND p.account = d.account)
     OR (d.source = 'internal' AND EXISTS (
            SELECT 1 FROM inbound_events e
            CROSS JOIN LATERAL (SELECT convert_from(e.body, 'UTF8')::jsonb AS told) c
            WHERE e.id = d.event_id AND e.received_at = d.received_at
              AND c.told ->> 'provider' = p.provider AND c.told ->> 'account' = p.account)))
"""
"""Whether letter d is about the account that payment p was announced for: its sender's, or the one
that a command of ours names. A reference may be heard of at an account that has no such payment."""

_NAMED = f"""
    SELECT d.id FROM dead_letters d
    JOIN payment_logs p ON p.reference = d.reference AND {_OF_ITS_ACCOUNT}
    WHERE d.status = 'open' AND d.reason = 'unknown_reference' AND d.reference = ANY(%b::text[])
    ORDER BY d.id
    FOR UPDATE OF d SKIP LOCKED
"""


def of_references(tx: Transaction, references: Sequence[str]) -> list[int]:
    """Return open letters about payments of these references, which are announced now."""
    return [row[0] for row in tx.execute(_NAMED, (list(references),)).fetchall()]


_UNANNOUNCED = """
    SELECT d.currency, sum(d.amount_minor)::bigint
    FROM unnest(%b::text[], %b::text[], %b::text[]) AS u(reference, provider, account)
    JOIN dead_letters d ON d.reference = u.reference AND d.source = u.provider
        AND d.account = u.account
    WHERE d.status <> 'resolved' AND d.reason = 'unknown_reference' AND d.currency IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM payment_logs p WHERE p.reference = u.reference)
    GROUP BY 1 ORDER BY 1
"""


def unannounced_minor(tx: Transaction, about: Sequence[tuple[str, str, str]]) -> dict[str, int]:
    """Return what letters say that came for payments nobody has announced, by currency.

    `about` names payments by reference, provider and account. Letters that were let go count:
    they may be opened again.
    """
    columns = [Texts([each[place] for each in about]) for place in range(3)]
    return dict(tx.execute(_UNANNOUNCED, columns).fetchall())


_ALIASED = """
    SELECT d.id FROM dead_letters d
    JOIN provider_references r ON r.provider_reference = d.provider_reference
        AND r.provider = d.source AND r.account = d.account
    WHERE d.status = 'open' AND d.reason = 'unknown_reference' AND d.reference IS NULL
      AND d.provider_reference = ANY(%b::text[])
    ORDER BY d.id
    FOR UPDATE OF d SKIP LOCKED
"""


def of_provider_references(tx: Transaction, provider_references: Sequence[str]) -> list[int]:
    """Return open letters about payments whose provider's name has become known."""
    return [row[0] for row in tx.execute(_ALIASED, (list(provider_references),)).fetchall()]


_ANNOUNCED = f"""
    SELECT d.id FROM dead_letters d
    WHERE d.status = 'open' AND d.reason = 'unknown_reference'
      AND (EXISTS (SELECT 1 FROM payment_logs p
                   WHERE p.reference = d.reference AND {_OF_ITS_ACCOUNT})
           OR EXISTS (SELECT 1 FROM provider_references r
                      WHERE r.provider = d.source AND r.account = d.account
                        AND r.provider_reference = d.provider_reference AND d.reference IS NULL))
    ORDER BY d.id LIMIT %s
    FOR UPDATE OF d SKIP LOCKED
"""


def announced_since(tx: Transaction, *, limit: int) -> list[int]:
    """Return letters whose payment nobody had announced, and somebody now has."""
    return [row[0] for row in tx.execute(_ANNOUNCED, (limit,)).fetchall()]
