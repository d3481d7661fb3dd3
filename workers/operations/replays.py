"""`payratchet replays`: look at replays, pause, resume or cancel them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from workers.operations import acting
from workers.operations.options import (
    cursor_option,
    database,
    json_option,
    limit_option,
    reason_option,
)
from workers.operations.output import Failed, as_json, as_lines, as_table
from workers.replaying import steering
from workers.store import replays_shown

if TYPE_CHECKING:
    from workers.replaying.steering import Turn

COLUMNS = (
    *("replay_id", "status", "matched", "succeeded", "failed", "skipped", "actor", "created_at"),
)
ITEM_COLUMNS = ("dead_letter_id", "event_id", "outcome", "message")
STATUSES = ("waiting_approval", "running", "paused", "aborted", "cancelled", "rejected", "done")


@click.group()
def replays() -> None:
    """Replays of dead letters: how far they are, and what may be done with them."""


@replays.command("list")
@click.option("--status", type=click.Choice(STATUSES))
@limit_option
@cursor_option
@json_option
def list_(*, status: str | None, limit: int, cursor: int | None, json_: bool) -> None:
    """List replays, newest first."""
    with database().transaction() as tx:
        found = replays_shown.page(tx, status=status, before=cursor, limit=limit)
    next_cursor = found[-1]["replay_id"] if len(found) == limit else None
    if json_:
        as_json({"items": found, "next_cursor": next_cursor})
        return
    as_table(found, COLUMNS, "Nothing was replayed.")


@replays.command("show")
@click.argument("replay_id", type=int)
@json_option
def show(replay_id: int, *, json_: bool) -> None:
    """Show one replay: how far it is, who steered it, and which letters failed."""
    _show(replay_id, json_=json_)


def _show(replay_id: int, *, json_: bool) -> None:
    with database().transaction() as tx:
        found = replays_shown.one(tx, replay_id)
    if found is None:
        raise Failed("replay_unknown", f"there is no replay {replay_id}")
    if json_:
        as_json(found)
        return
    as_lines(found)
    click.echo("\nhistory")
    as_table(found["history"], ("at", "action", "actor", "reason"), "none")
    click.echo("\nletters, failures first")
    as_table(found["items"], ITEM_COLUMNS, "none")


@replays.command("pause")
@click.argument("replay_id", type=int)
@reason_option
@json_option
def pause(replay_id: int, *, reason: str, json_: bool) -> None:
    """Begin no further letter until it is resumed."""
    _steer(replay_id, steering.PAUSE, reason, json_=json_)


@replays.command("resume")
@click.argument("replay_id", type=int)
@reason_option
@json_option
def resume(replay_id: int, *, reason: str, json_: bool) -> None:
    """Let a paused replay go on. The relay drives it."""
    _steer(replay_id, steering.RESUME, reason, json_=json_)


@replays.command("cancel")
@click.argument("replay_id", type=int)
@reason_option
@json_option
def cancel(replay_id: int, *, reason: str, json_: bool) -> None:
    """Leave all letters alone whose turn has not come, for good. They stay open."""
    _steer(replay_id, steering.CANCEL, reason, json_=json_)


def _steer(replay_id: int, turn: Turn, reason: str, *, json_: bool) -> None:
    who = acting.operator()
    steering.steer(database(), replay_id, turn, actor=who.actor, reason=reason)
    _show(replay_id, json_=json_)
