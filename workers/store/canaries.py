"""What `doctor` reads and writes: an event that can do nothing, and signs of life."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.providers.canary import CANARY
from domain.sql import FIRST_RING_GRACE_S
from domain.wakeup import Lane

if TYPE_CHECKING:
    from workers.database import Transaction

_KEEP = f"""
    WITH given AS MATERIALIZED (
        SELECT nextval('inbound_event_ids') AS event_id, %(body)s::bytea AS body
    ), key AS (
        INSERT INTO inbound_dedup (source, account, event_key, body_sha256, event_id)
        SELECT '{CANARY}', 'default', %(key)s, sha256(body), event_id FROM given
    ), event AS (
        INSERT INTO inbound_events (id, source, account, event_key, body, headers, key_id,
                                    request_id)
        SELECT event_id, '{CANARY}', 'default', %(key)s, body, '{{}}', '{CANARY}', %(key)s
        FROM given
    )
    INSERT INTO inbound_work (event_id, received_at, lane, next_at)
    SELECT event_id, now(), '{Lane.EVENTS}', now() + interval '{FIRST_RING_GRACE_S} s' FROM given
    RETURNING event_id
"""


def keep(tx: Transaction, key: str, body: bytes) -> int:
    """Keep a canary and the work it owes, as the ingress keeps an event; return its id."""
    row = tx.execute(_KEEP, {"key": key, "body": body}).fetchone()
    assert row is not None  # noqa: S101 - an insert of one row returns it
    event_id: int = row[0]
    return event_id


def is_owed(tx: Transaction, event_id: int) -> bool:
    """Say whether the event's work is unfinished."""
    query = "SELECT FROM inbound_work WHERE event_id = %s"
    return tx.execute(query, (event_id,)).fetchone() is not None


def commit_something(tx: Transaction) -> None:
    """Have the transaction write to the log, and to nothing else, so that its commit is a real one.

    A commit that has written nothing waits for no disk.
    """
    tx.execute(f"SELECT pg_logical_emit_message(true, '{CANARY}', 'doctor')")


def unsafe_settings(tx: Transaction) -> list[str]:
    """Return what is switched off on this server and would lose what was committed."""
    query = """SELECT name FROM pg_settings WHERE setting = 'off'
               AND name IN ('fsync', 'full_page_writes', 'synchronous_commit') ORDER BY name"""
    return [row[0] for row in tx.execute(query).fetchall()]


def schema_revision(tx: Transaction) -> str | None:
    """Return the newest migration that was run; None where none was."""
    there = tx.execute("SELECT to_regclass('alembic_version')").fetchone()
    if there is None or there[0] is None:
        return None
    row = tx.execute("SELECT version_num FROM alembic_version").fetchone()
    return row[0] if row else None


def sample_age_s(tx: Transaction) -> float | None:
    """Return how old the relay's newest sample is, seconds; None where there is none."""
    query = "SELECT extract(epoch FROM now() - max(minute))::float FROM overview_samples"
    row = tx.execute(query).fetchone()
    return row[0] if row else None
