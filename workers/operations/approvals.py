"""`payratchet approvals`: what waits for a second person, and what that person says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import click

from domain.masking import masked_differences
from domain.operators import Role
from workers import approving
from workers.operations import acting
from workers.operations.options import (
    cursor_option,
    database,
    json_option,
    limit_option,
    reason_option,
)
from workers.operations.output import Failed, as_json, as_lines, as_table, printable
from workers.performers import PERFORMERS
from workers.store import approvals as rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workers.store.views import Shown

COLUMNS = (
    *("approval_id", "kind", "subject", "amount_minor", "currency", "status", "asked_by"),
    *("asked_at", "decided_by"),
)
STATUSES = ("waiting", "approved", "rejected", "expired")


@click.group()
def approvals() -> None:
    """Look at what needs a second person; agree, or refuse."""


@approvals.command("list")
@click.option(
    "--status", type=click.Choice([*STATUSES, "all"]), default="waiting", show_default=True
)
@limit_option
@cursor_option
@json_option
def list_(*, status: str, limit: int, cursor: int | None, json_: bool) -> None:
    """List approvals, newest first."""
    wanted = None if status == "all" else status
    with database().transaction() as tx:
        found = rows.listed(tx, status=wanted, before=cursor, limit=limit)
    found = [_masked_for_strangers(each) for each in found]
    next_cursor = found[-1]["approval_id"] if len(found) == limit else None
    if json_:
        as_json({"items": found, "next_cursor": next_cursor})
        return
    as_table(found, COLUMNS, "Nothing waits for a second person.")


@approvals.command("show")
@click.argument("approval_id", type=int)
@json_option
def show(approval_id: int, *, json_: bool) -> None:
    """Show one approval: what is asked for, and what the asker was shown that it would do.

    The values of an edit are for operators, who decide by them; others see them masked.
    """
    found = _masked_for_strangers(_shown(approval_id))
    if json_:
        as_json(found)
        return
    as_lines(found)
    for part in ("request", "shown", "result"):
        if found[part]:
            click.echo(f"\n{part}")
            as_json(found[part])


@approvals.command("approve")
@click.argument("approval_id", type=int)
@reason_option
@json_option
def approve(approval_id: int, *, reason: str, json_: bool) -> None:
    """Agree to what another asked for: it is done at once.

    Exit code 1 where you agreed and it came to nothing after all: what became of it is said.
    """
    who = acting.operator(Role.APPROVER)
    done = approving.approve(
        database(), approval_id, actor=who.actor, reason=reason, performers=PERFORMERS
    )
    report = {**_shown(approval_id), "done": done}
    as_json(report) if json_ else as_lines({**_brief(report), **done})
    if done.get("became", _WELL) != _WELL:
        raise Failed("approved_in_vain", _came_to(approval_id, done))


_WELL = "applied"
_CAME_TO = {
    "dead": "it died again and is set aside",
    "owed": "it is not applied yet, and goes on by itself",
}


def _came_to(approval_id: int, done: Mapping[str, Any]) -> str:
    became = _CAME_TO.get(done["became"], str(done["became"]))
    letter = done.get("new_dead_letter_id")
    where = f" as dead letter {letter}" if letter is not None else ""
    why = f": {printable(done['message'])}" if done.get("message") else ""
    return f"approval {approval_id} is given, but {became}{where}{why}"


@approvals.command("reject")
@click.argument("approval_id", type=int)
@reason_option
@json_option
def reject(approval_id: int, *, reason: str, json_: bool) -> None:
    """Refuse what another asked for, for good."""
    who = acting.operator(Role.APPROVER)
    approving.reject(database(), approval_id, actor=who.actor, reason=reason, performers=PERFORMERS)
    report = _shown(approval_id)
    as_json(report) if json_ else as_lines(_brief(report))


def leave_waiting(approval_id: int, more: Mapping[str, object], *, json_: bool) -> NoReturn:
    """End a command that asked a second person: print the question, and say who must act."""
    why = _shown(approval_id)["why"] or "it is more than one person may move"
    report = {"approval_id": approval_id, "status": "waiting_approval", "why": why, **more}
    as_json(report) if json_ else as_lines(report)
    raise Failed(
        "approval_needed",
        f"nothing is done yet: {why}. An approver who is not you must run"
        f" `payratchet approvals approve {approval_id}`",
    )


def _masked_for_strangers(found: Shown) -> Shown:
    diff = found["shown"].get("diff")
    if not diff or acting.sees_values():
        return found
    return {**found, "shown": {**found["shown"], "diff": masked_differences(diff)}}


def _brief(found: Shown) -> Shown:
    return {name: found[name] for name in (*COLUMNS, "decided_reason") if name in found}


def _shown(approval_id: int) -> Shown:
    with database().transaction() as tx:
        found = rows.shown(tx, approval_id)
    if found is None:
        raise Failed("approval_unknown", f"there is no approval {approval_id}")
    return found
