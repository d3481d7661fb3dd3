"""Approvals: what waits for a second person, what it would do, and what that person says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.operators import Role, may
from workers import approving
from workers.console.page import Act, Moved, NotThere, Page, row_id
from workers.performers import PERFORMERS
from workers.store import approvals as rows

if TYPE_CHECKING:
    from workers.console.forms import Form
    from workers.console.page import Answer, Asked, Context, Desk
    from workers.database import Transaction

ROWS = 50
STATUSES = ("waiting", "approved", "rejected", "expired")
TOLD_APART = frozenset(
    {
        *("reference", "before", "after", "ledger", "moves", "diff"),
        *("matched", "amounts_minor", "filters", "left_in_suspense"),
    }
)
"""Parts of what was shown that the page has a form of its own for."""


def _list(asked: Asked, tx: Transaction) -> Context:
    status = asked.word("status") or "waiting"
    wanted = status if status in STATUSES else None
    found = rows.listed(tx, status=wanted, before=asked.cursor(), limit=ROWS)
    return {
        "approvals": found,
        "status": wanted or "all",
        "statuses": (*STATUSES, "all"),
        "next_cursor": found[-1]["approval_id"] if len(found) == ROWS else None,
        "query": {"status": wanted or "all"},
    }


def _show(asked: Asked, tx: Transaction) -> Context:
    approval_id = row_id(asked, "approval_id")
    approval = rows.shown(tx, approval_id)
    if approval is None:
        raise NotThere(f"There is no approval {approval_id}.")
    shown: dict[str, Any] = approval["shown"]
    is_waiting, is_own = approval["status"] == "waiting", approval["asked_by"] == asked.who.actor
    return {
        "title": f"Approval {approval_id}",
        "approval": approval,
        "shown": shown,
        "more": {name: value for name, value in shown.items() if name not in TOLD_APART},
        "may_see_values": may(asked.who.role, Role.OPERATOR),
        "may_decide": is_waiting and not is_own and may(asked.who.role, Role.APPROVER),
        "is_own": is_waiting and is_own,
    }


def _approve(desk: Desk, asked: Asked, form: Form) -> Answer:
    approval_id = row_id(asked, "approval_id")
    approving.approve(
        desk.database,
        approval_id,
        actor=asked.who.actor,
        reason=form.text("reason"),
        performers=PERFORMERS,
    )
    return Moved(f"/approvals/{approval_id}", "approved")


def _reject(desk: Desk, asked: Asked, form: Form) -> Answer:
    approval_id = row_id(asked, "approval_id")
    approving.reject(
        desk.database,
        approval_id,
        actor=asked.who.actor,
        reason=form.text("reason"),
        performers=PERFORMERS,
    )
    return Moved(f"/approvals/{approval_id}", "rejected")


PAGES = (
    Page("/approvals", Role.VIEWER, "Approvals", "approvals.html", _list),
    Page(
        "/approvals/{approval_id:int}",
        Role.VIEWER,
        "Approval",
        "approval.html",
        _show,
        sample={"approval_id": "1"},
    ),
)
ACTS = (
    Act("/approvals/{approval_id:int}/approve", Role.APPROVER, _approve),
    Act("/approvals/{approval_id:int}/reject", Role.APPROVER, _reject),
)
