"""Claims: who has which events in hand, written before anything of them is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.arrays import Int8s

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workers.database import Backend, Transaction

CLAIM_AGE_S_MAX = 60.0
"""A claim older than this is dead even if its session seems alive: no batch may take so long."""

_TAKE = """
    WITH hurried AS (SELECT set_config('synchronous_commit', 'off', true))
    INSERT INTO claims (worker, backend_pid, backend_start, event_ids)
    SELECT %s, %s, %s, %b::bigint[] FROM hurried RETURNING id
"""


def take(tx: Transaction, event_ids: Sequence[int], *, worker: str, backend: Backend) -> int:
    """Note that this session takes up the events; return the claim's id.

    The transaction does not wait for the disk: a claim has to outlive its worker, not the server,
    and a server that died has let go of every claim.
    """
    values = (worker, backend.pid, backend.started_at, Int8s(event_ids))
    row = tx.execute(_TAKE, values).fetchone()
    assert row is not None  # noqa: S101 - INSERT … RETURNING of one row returns one row
    claim_id: int = row[0]
    return claim_id


def renew(tx: Transaction, claim_id: int) -> None:
    """Note that the batch is still in hand, however long its events take one by one."""
    tx.execute("UPDATE claims SET claimed_at = now() WHERE id = %s", (claim_id,))


def release(tx: Transaction, claim_id: int) -> None:
    """Note that the batch came to an end, whichever."""
    tx.execute("DELETE FROM claims WHERE id = %s", (claim_id,))


_DEAD = """
    DELETE FROM claims WHERE id IN (
        SELECT c.id FROM claims c
        WHERE c.claimed_at < now() - make_interval(secs => %s)
           OR NOT EXISTS (SELECT 1 FROM pg_stat_activity a
                          WHERE a.pid = c.backend_pid
                            AND coalesce(a.backend_start, c.backend_start) = c.backend_start)
        ORDER BY c.id LIMIT %s
        FOR UPDATE SKIP LOCKED
    ) RETURNING event_ids, worker
"""


def bury_dead(tx: Transaction, *, limit: int) -> list[tuple[list[int], str]]:
    """Remove claims whose worker is gone; return their events and who had them.

    A role that may not see other roles' sessions sees their numbers but no times: then the number
    alone must do.
    """
    rows = tx.execute(_DEAD, (CLAIM_AGE_S_MAX, limit)).fetchall()
    return [(row[0], row[1]) for row in rows]
