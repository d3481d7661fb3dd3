"""`payratchet approvals`: what waits for a second person, and what that person says."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

import click

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
from workers.operations.output import Failed, as_json, as_lines, as_table
from workers.performers import PERFORMERS
from workers.settings import MoneyLimitSettings
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
    next_cursor = found[-1]["approval_id"] if len(found) == limit else None
    if json_:
        as_json({"items": found, "next_cursor": next_cursor})
        return
    as_table(found, COLUMNS, "Nothing waits for a second person.")


@approvals.command("show")
@click.argument("approval_id", type=int)
@json_option
def show(approval_id: int, *, json_: bool) -> None:
    """Show one approval: what is asked for, and what the asker was shown that it would do."""
    found = _shown(approval_id)
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
    """Agree to what another asked for: it is done at once."""
    who = acting.operator(Role.APPROVER)
    done = approving.approve(
        database(), approval_id, actor=who.actor, reason=reason, performers=PERFORMERS
    )
    report = {**_shown(approval_id), "done": done}
    as_json(report) if json_ else as_lines({**_brief(report), **done})


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


def needs_second_person(amounts_minor: Mapping[str, int]) -> bool:
    """Return whether moving these amounts, by currency, is above what one person may."""
    return MoneyLimitSettings().limit.exceeds(amounts_minor)


def leave_waiting(approval_id: int, more: Mapping[str, object], *, json_: bool) -> NoReturn:
    """End a command that asked a second person: print the question, and say who must act."""
    report = {"approval_id": approval_id, "status": "waiting_approval", **more}
    as_json(report) if json_ else as_lines(report)
    raise Failed(
        "approval_needed",
        "nothing is done yet: an approver who is not you must run"
        f" `payratchet approvals approve {approval_id}`",
    )


def _brief(found: Shown) -> Shown:
    return {name: found[name] for name in (*COLUMNS, "decided_reason") if name in found}


def _shown(approval_id: int) -> Shown:
    with database().transaction() as tx:
        found = rows.shown(tx, approval_id)
    if found is None:
        raise Failed("approval_unknown", f"there is no approval {approval_id}")
    return found
