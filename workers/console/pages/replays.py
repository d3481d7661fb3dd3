"""Replays: how far they are, and steering them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from domain.operators import Role, may
from workers.console.page import Act, Moved, NotThere, Page, row_id
from workers.replaying import steering
from workers.store import replays_shown

if TYPE_CHECKING:
    from workers.console.forms import Form
    from workers.console.page import Answer, Asked, Context, Desk
    from workers.database import Transaction
    from workers.replaying.steering import Turn
    from workers.store.replays_shown import Shown

ROWS = 50
STATUSES = ("waiting_approval", "running", "paused", "aborted", "cancelled", "rejected", "done")
TURNS = {"pause": steering.PAUSE, "resume": steering.RESUME, "cancel": steering.CANCEL}


def _list(asked: Asked, tx: Transaction) -> Context:
    status = asked.word("status")
    status = status if status in STATUSES else None
    found = replays_shown.page(tx, status=status, before=asked.cursor(), limit=ROWS)
    return {
        "replays": found,
        "status": status,
        "statuses": STATUSES,
        "next_cursor": found[-1]["replay_id"] if len(found) == ROWS else None,
        "query": {"status": status},
    }


def _show(asked: Asked, tx: Transaction) -> Context:
    replay_id = row_id(asked, "replay_id")
    replay = replays_shown.one(tx, replay_id)
    if replay is None:
        raise NotThere(f"There is no replay {replay_id}.")
    return {"title": f"Replay {replay_id}", "replay": replay, **_steerable(asked, replay)}


def _progress(asked: Asked, tx: Transaction) -> Context:
    replay_id = row_id(asked, "replay_id")
    replay = replays_shown.brief(tx, replay_id)
    if replay is None:
        raise NotThere(f"There is no replay {replay_id}.")
    return {"replay": replay, **_steerable(asked, replay)}


def _steerable(asked: Asked, replay: Shown) -> Context:
    """Say what may be done with it, and whether it goes on: a cancelled one ends what it began."""
    may_act, status = may(asked.who.role, Role.OPERATOR), replay["status"]
    turns = [name for name, turn in TURNS.items() if may_act and status in turn.from_statuses]
    return {"turns": turns, "is_unended": replay["ended_at"] is None}


def _steer(turn: Turn, desk: Desk, asked: Asked, form: Form) -> Answer:
    replay_id = row_id(asked, "replay_id")
    steering.steer(
        desk.database, replay_id, turn, actor=asked.who.actor, reason=form.text("reason")
    )
    return Moved(f"/replays/{replay_id}", turn.action)


PAGES = (
    Page("/replays", Role.VIEWER, "Replays", "replays.html", _list),
    Page(
        "/replays/{replay_id:int}",
        Role.VIEWER,
        "Replay",
        "replay.html",
        _show,
        sample={"replay_id": "1"},
    ),
    Page(
        "/replays/{replay_id:int}/progress",
        Role.VIEWER,
        "Progress of a replay",
        "replay_progress.html",
        _progress,
        sample={"replay_id": "1"},
    ),
)
ACTS = tuple(
    Act(f"/replays/{{replay_id:int}}/{name}", Role.OPERATOR, partial(_steer, turn))
    for name, turn in TURNS.items()
)
