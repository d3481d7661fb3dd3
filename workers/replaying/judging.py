"""Judging a replay by its counts: how many letters may begin now, and whether it is over. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from domain.wakeup import IDS_PER_RING_MAX
from workers.replaying.limits import CHUNK_S

if TYPE_CHECKING:
    from workers.store.replays import Job


class End(NamedTuple):
    """How a replay ends, and why where it is not by being through."""

    status: str
    why: str | None


def room(job: Job, *, in_hand: int) -> int:
    """Return how many letters may begin.

    The canary goes alone; after it never so many that more than one could fail above what is
    allowed, even if all of them do.
    """
    if job.succeeded < job.canary:
        return max(0, job.canary - job.succeeded - in_hand)
    chunk = min(IDS_PER_RING_MAX, max(1, int(job.rate_per_s * CHUNK_S)))
    return max(0, min(chunk, job.max_failures - job.failed + 1 - in_hand))


def end(job: Job, *, in_hand: int) -> End | None:
    """Return how the replay ends now; None while it goes on."""
    if job.failed and job.succeeded < job.canary:
        return End("aborted", f"canary_failed: {job.failed} of the first {job.canary} failed")
    if job.failed > job.max_failures:
        return End("aborted", f"too_many_failures: {job.failed}, at most {job.max_failures}")
    if job.ended >= job.matched and not in_hand:
        return End("done", None)
    return None
