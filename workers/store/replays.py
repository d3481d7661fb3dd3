"""Replays: the job, who drives it, and everything done with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from psycopg.types.json import Jsonb

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workers.database import Transaction


class Job(NamedTuple):
    """A replay as it stands. `waiting` and `in_hand` letters are yet to end."""

    replay_id: int
    actor: str
    reason: str
    status: str
    matched: int
    rate_per_s: int
    canary: int
    max_failures: int
    succeeded: int
    failed: int
    skipped: int
    ledger_diff: dict[str, int]

    @property
    def ended(self) -> int:
        """How many letters are through with, whichever way."""
        return self.succeeded + self.failed + self.skipped


_COLUMNS = """id, actor, reason, status, matched, rate_per_s, canary, max_failures, succeeded,
    failed, skipped, ledger_diff"""

_MAKE = """
    INSERT INTO replay_jobs (id, actor, reason, operation_key, filters, matched, amounts_minor,
                             rate_per_s, canary, max_failures, status)
    VALUES (%s, %s, %s, %s, %s, 0, '{}', %s, 0, 0, 'running')
    ON CONFLICT ON CONSTRAINT replay_jobs_operation_once DO NOTHING
    RETURNING id
"""


def make(
    tx: Transaction,
    replay_id: int,
    *,
    actor: str,
    reason: str,
    operation_key: str,
    filters: Mapping[str, object],
    rate_per_s: int,
) -> bool:
    """Make an empty job; return False when this operation has one already."""
    values = (replay_id, actor, reason, operation_key, Jsonb(dict(filters)), rate_per_s)
    return tx.execute(_MAKE, values).fetchone() is not None


class Made(NamedTuple):
    """The job that an operation has made before."""

    replay_id: int
    filters: dict[str, object]


def made_by(tx: Transaction, operation_key: str) -> Made | None:
    """Return the job of an operation, if it has one."""
    query = "SELECT id, filters FROM replay_jobs WHERE operation_key = %s"
    row = tx.execute(query, (operation_key,)).fetchone()
    return Made(*row) if row else None


_PLAN = """
    UPDATE replay_jobs
    SET matched = %s, amounts_minor = %s, canary = %s, max_failures = %s, status = %s,
        approval_id = %s, worker = %s, heartbeat_at = CASE WHEN %s::text IS NULL THEN NULL
                                                           ELSE now() END
    WHERE id = %s
"""


class Plan(NamedTuple):
    """How a job that was just made is to go. `worker` drives it from the first moment."""

    matched: int
    amounts_minor: dict[str, int]
    canary: int
    max_failures: int
    status: str
    approval_id: int | None
    worker: str | None


def plan(tx: Transaction, replay_id: int, given: Plan) -> None:
    """Settle the plan of a job in the transaction that makes it."""
    values = (
        *(given.matched, Jsonb(given.amounts_minor), given.canary, given.max_failures),
        *(given.status, given.approval_id, given.worker, given.worker, replay_id),
    )
    tx.execute(_PLAN, values)


def note(tx: Transaction, replay_id: int, action: str, *, actor: str, reason: str) -> None:
    """Append to the history of the job."""
    query = "INSERT INTO replay_actions (replay_id, action, actor, reason) VALUES (%s, %s, %s, %s)"
    tx.execute(query, (replay_id, action, actor, reason))


def lock(tx: Transaction, replay_id: int) -> Job | None:
    """Return the job with its row locked, or None when there is none."""
    query = f"SELECT {_COLUMNS} FROM replay_jobs WHERE id = %s FOR NO KEY UPDATE"
    row = tx.execute(query, (replay_id,)).fetchone()
    return Job(*row) if row else None


def look(tx: Transaction, replay_id: int) -> Job | None:
    """Return the job as it stands."""
    row = tx.execute(f"SELECT {_COLUMNS} FROM replay_jobs WHERE id = %s", (replay_id,)).fetchone()
    return Job(*row) if row else None


_HAS_IN_HAND = """
    (SELECT outcome = 'begun' FROM replay_items i
     WHERE i.replay_id = replay_jobs.id AND outcome IN ('waiting', 'begun')
     ORDER BY place LIMIT 1)
"""
"""Whether a job has letters in hand. They are begun in the order of their places, so the first that
has not ended is one of them, if there are any."""

_LEFT_IN_HAND = f"status IN ('paused', 'cancelled') AND {_HAS_IN_HAND}"
"""A job that begins nothing more, and whose last letters nobody has counted yet."""

_LEASE = f"""
    WITH before AS (
        SELECT id AS job_id, started_at AS began FROM replay_jobs
        WHERE id = %(id)s FOR NO KEY UPDATE
    )
    UPDATE replay_jobs
    SET worker = %(worker)s, heartbeat_at = now(), started_at = coalesce(started_at, now())
    FROM before
    WHERE id = job_id AND (status = 'running' OR {_LEFT_IN_HAND})
      AND (worker = %(worker)s OR heartbeat_at IS NULL
           OR heartbeat_at < now() - make_interval(secs => %(lease_s)s))
    RETURNING {_COLUMNS}, began IS NULL
"""


class Leased(NamedTuple):
    """A job in this driver's hands. `is_new`: nobody had begun it."""

    job: Job
    is_new: bool


def lease(tx: Transaction, replay_id: int, *, worker: str, lease_s: float) -> Leased | None:
    """Take or keep the job; None when nothing is to be done, or it is in other hands that live.

    A job that was paused or cancelled with letters in hand is one of which something is to be done:
    they are brought to their end.
    The row stays locked until the transaction ends: what is begun in it is begun once.
    """
    values = {"id": replay_id, "worker": worker, "lease_s": lease_s}
    row = tx.execute(_LEASE, values).fetchone()
    return Leased(Job(*row[:-1]), row[-1]) if row else None


def release(tx: Transaction, replay_id: int, *, worker: str) -> None:
    """Give the job out of hand, so that another may drive it at once."""
    query = "UPDATE replay_jobs SET heartbeat_at = NULL WHERE id = %s AND worker = %s"
    tx.execute(query, (replay_id, worker))


_DRIVABLE = f"""
    SELECT id FROM replay_jobs
    WHERE ended_at IS NULL AND (status = 'running' OR {_LEFT_IN_HAND})
      AND (worker = %s OR heartbeat_at IS NULL
           OR heartbeat_at < now() - make_interval(secs => %s))
    ORDER BY id LIMIT %s
"""


def drivable(tx: Transaction, *, worker: str, lease_s: float, limit: int) -> list[int]:
    """Return jobs that are this driver's or nobody's: running, or stopped with letters in hand."""
    return [row[0] for row in tx.execute(_DRIVABLE, (worker, lease_s, limit)).fetchall()]


_ADD = """
    UPDATE replay_jobs
    SET succeeded = succeeded + %s, failed = failed + %s, skipped = skipped + %s, ledger_diff = %s
    WHERE id = %s
"""


def add(tx: Transaction, job: Job, counts: Mapping[str, int], ledger_diff: dict[str, int]) -> Job:
    """Count what ended; the caller has the row locked. Return the job as it then stands."""
    more = [counts[name] for name in ("succeeded", "failed", "skipped")]
    tx.execute(_ADD, (*more, Jsonb(ledger_diff), job.replay_id))
    return job._replace(
        succeeded=job.succeeded + more[0],
        failed=job.failed + more[1],
        skipped=job.skipped + more[2],
        ledger_diff=ledger_diff,
    )


_TURN = """
    UPDATE replay_jobs
    SET status = %s, why = %s, ended_at = CASE WHEN %s THEN now() END,
        heartbeat_at = CASE WHEN %s = 'running' THEN NULL ELSE heartbeat_at END
    WHERE id = %s
"""


def turn(tx: Transaction, replay_id: int, status: str, *, why: str | None, is_end: bool) -> None:
    """Give the job another status. One that is to run again is anybody's to drive."""
    tx.execute(_TURN, (status, why, is_end, status, replay_id))


def end(tx: Transaction, replay_id: int) -> None:
    """Write that the last letter of a job that was cancelled has ended."""
    query = "UPDATE replay_jobs SET ended_at = now() WHERE id = %s AND ended_at IS NULL"
    tx.execute(query, (replay_id,))
