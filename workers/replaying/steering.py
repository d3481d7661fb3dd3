"""Steering: a person pauses, resumes or cancels a replay, or says yes to one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from workers.approving import ApprovalStale, Performed, Performer
from workers.replaying.errors import ReplayNotSteerable, ReplayUnknown
from workers.store import replay_items, replays

if TYPE_CHECKING:
    from workers.database import Database, Transaction
    from workers.store.approvals import Approval


class Turn(NamedTuple):
    """From which states a replay may be turned, and to which."""

    action: str
    to_status: str
    from_statuses: tuple[str, ...]
    is_end: bool = False


PAUSE = Turn("paused", "paused", ("running",))
RESUME = Turn("resumed", "running", ("paused",))
CANCEL = Turn("cancelled", "cancelled", ("running", "paused", "waiting_approval"), is_end=True)
_APPROVE = Turn("approved", "running", ("waiting_approval",))
_REJECT = Turn("rejected", "rejected", ("waiting_approval",), is_end=True)


def steer(database: Database, replay_id: int, turn: Turn, *, actor: str, reason: str) -> None:
    """Turn a replay; letters that are in hand are brought to their end, no other is begun.

    The relay does that where the driver is gone.
    Raises ReplayUnknown and ReplayNotSteerable.
    """
    with database.transaction() as tx:
        _steer(tx, replay_id, turn, actor=actor, reason=reason)


def _steer(tx: Transaction, replay_id: int, turn: Turn, *, actor: str, reason: str) -> None:
    job = replays.lock(tx, replay_id)
    if job is None:
        raise ReplayUnknown(f"there is no replay {replay_id}")
    if job.status not in turn.from_statuses:
        raise ReplayNotSteerable(f"replay {replay_id} is {job.status}: it cannot be {turn.action}")
    why = None if turn.to_status == "running" else f"{turn.action} by {actor}: {reason}"
    # With letters in hand it has not ended: whoever drives, or the relay, counts them first.
    is_end = turn.is_end and not replay_items.in_hand(tx, replay_id)
    replays.turn(tx, replay_id, turn.to_status, why=why, is_end=is_end)
    replays.note(tx, replay_id, turn.action, actor=actor, reason=reason)


def _begin(tx: Transaction, approval: Approval, approved_by: str) -> Performed:
    """Let the replay run that waited for this answer. The relay drives it."""
    replay_id: int = approval.request["replay_id"]
    try:
        _steer(tx, replay_id, _APPROVE, actor=approved_by, reason=approval.asked_reason)
    except ReplayNotSteerable as error:
        raise ApprovalStale(str(error)) from error
    return Performed({"replay_id": replay_id, "status": "running"})


def _refuse(tx: Transaction, approval: Approval, actor: str, reason: str) -> None:
    job = replays.lock(tx, approval.request["replay_id"])
    if job is not None and job.status in _REJECT.from_statuses:
        _steer(tx, job.replay_id, _REJECT, actor=actor, reason=reason)


PERFORMER = Performer(_begin, dropped=_refuse)
"""What an approval of the kind "replay" does. Nothing is shown anew: its letters are frozen."""
