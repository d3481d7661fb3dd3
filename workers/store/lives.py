"""Lives: which workers are alive. Each keeps a session open that does nothing else.

A session ends with its process, at once; but also when Postgres restarts or the network fails,
while the process lives on. So whoever lost it has time to make a new one before it counts as dead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workers.database import Backend, Transaction

AWAY_S_MAX = 1.5
"""How long a worker may be without its session. It makes a new one at once, where it can."""

OBSERVED_S = 3.0
"""How long whoever judges must have been connected: one who has just come after a restart cannot
know who has left, and who has only not come back yet."""

KEPT_S = 3_600.0
"""How long it is known that a worker died: its calls are long past every age by then."""

IS_DEAD = """EXISTS (SELECT 1 FROM worker_lives l
                     WHERE l.worker = c.worker AND l.dead_at IS NOT NULL)"""
"""SQL: the worker that made the call `c` is dead. One that was never noted is not."""

_LIVE_ON = """
    WITH hurried AS (SELECT set_config('synchronous_commit', 'off', true))
    INSERT INTO worker_lives AS l (worker, backend_pid, backend_start)
    SELECT %s, %s, %s FROM hurried
    ON CONFLICT (worker) DO UPDATE
    SET backend_pid = excluded.backend_pid, backend_start = excluded.backend_start,
        gone_at = NULL, dead_at = NULL
    WHERE (l.backend_pid, l.backend_start) IS DISTINCT FROM
          (excluded.backend_pid, excluded.backend_start) OR l.gone_at IS NOT NULL
"""


def live_on(tx: Transaction, worker: str, backend: Backend) -> None:
    """Note that the worker is alive for as long as this session is there."""
    tx.execute(_LIVE_ON, (worker, backend.pid, backend.started_at))


_HAS_SEEN = """
    SELECT coalesce(backend_start, now()) < now() - make_interval(secs => %s)
    FROM pg_stat_activity WHERE pid = pg_backend_pid()
"""
_NOTE_GONE = """
    UPDATE worker_lives l SET gone_at = now()
    WHERE gone_at IS NULL AND NOT EXISTS (
        SELECT 1 FROM pg_stat_activity a
        WHERE a.pid = l.backend_pid
          AND coalesce(a.backend_start, l.backend_start) = l.backend_start)
"""
_NOTE_DEAD = """
    UPDATE worker_lives SET dead_at = now()
    WHERE dead_at IS NULL AND gone_at < now() - make_interval(secs => %s)
    RETURNING worker
"""


def note_deaths(tx: Transaction) -> list[str]:
    """Note whose session is gone, and who has died by that; return those who died just now.

    Nobody does while this session is younger than `OBSERVED_S`.
    """
    row = tx.execute(_HAS_SEEN, (OBSERVED_S,)).fetchone()
    if row is None or not row[0]:
        return []
    tx.execute(_NOTE_GONE)
    return [row[0] for row in tx.execute(_NOTE_DEAD, (AWAY_S_MAX,)).fetchall()]


_RING = """
    WITH theirs AS (
        SELECT event_id FROM inbound_work
        WHERE lane = 'calls' AND event_id IN (
            SELECT event_id FROM provider_calls WHERE ended_at IS NULL AND worker = ANY(%s))
        ORDER BY event_id FOR UPDATE SKIP LOCKED
    )
    UPDATE inbound_work w SET next_at = now(), enqueues = 1
    FROM theirs WHERE w.event_id = theirs.event_id
"""


def ring_for_calls(tx: Transaction, workers: list[str]) -> int:
    """Have it rung at once for the commands that these workers had in hand; return how many."""
    return tx.execute(_RING, (workers,)).rowcount


def is_dead(tx: Transaction, worker: str) -> bool:
    """Say whether the worker is known to have died."""
    row = tx.execute(
        "SELECT dead_at IS NOT NULL FROM worker_lives WHERE worker = %s", (worker,)
    ).fetchone()
    return row is not None and row[0]


def trim(tx: Transaction) -> None:
    """Forget workers that died long ago."""
    tx.execute(
        "DELETE FROM worker_lives WHERE dead_at < now() - make_interval(secs => %s)", (KEPT_S,)
    )
