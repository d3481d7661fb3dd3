"""`payratchet payments correct` and `write-off`: what a person decides of a payment."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

import click

from domain.retelling import amount
from domain.transitions import State
from workers import correcting, noticing, writing_off
from workers.operations import acting
from workers.operations.approvals import leave_waiting
from workers.operations.options import database, json_option, yes_option
from workers.operations.output import Failed, as_json, printable

if TYPE_CHECKING:
    from workers.correcting import Done, Shown

why_option = click.option("--reason", default="", help="Why; kept in the history for ever.")
dry_run_option = click.option("--dry-run", is_flag=True, help="Only show what it would do.")


@click.command("correct")
@click.argument("reference")
@click.option("--to", "to_state", required=True, type=click.Choice([s.value for s in State]))
@why_option
@dry_run_option
@yes_option
@json_option
def correct(
    reference: str, *, to_state: str, reason: str, dry_run: bool, yes: bool, json_: bool
) -> None:
    """Move a payment to another state where its facts leave that open, and its money with it.

    To completed: what is held in suspense becomes the customer's. To refunded: what is held was
    given back without the provider's knowledge. To pending, processing, failed or cancelled: only
    while no money has come. To review: whatever comes, a person is to look at it.
    `payments explain` says what fits. Above the money limit a second person must agree.
    """
    state, who = State(to_state), None if dry_run else acting.operator()
    with database().transaction() as tx:
        planned = correcting.plan(tx, reference, state)
    if who is None:
        _show(planned.shown, "dry_run", json_=json_)
        return
    _confirm(planned.shown, f"Correct {reference} to {to_state}?", reason, yes=yes)
    done = correcting.correct(
        database(),
        reference,
        state,
        actor=who.actor,
        reason=reason,
        expected=planned.shown,
        tell=noticing.tell,
    )
    _end(done, "corrected", json_=json_)


@click.command("write-off")
@click.argument("reference")
@why_option
@dry_run_option
@yes_option
@json_option
def write_off(reference: str, *, reason: str, dry_run: bool, yes: bool, json_: bool) -> None:
    """Take what a lost dispute left below zero for a loss of ours: the customer's debt is gone.

    Once for each payment that is charged_back. Above the money limit a second person must agree.
    """
    who = None if dry_run else acting.operator()
    with database().transaction() as tx:
        planned = writing_off.plan(tx, reference)
    if who is None:
        _show(planned.shown, "dry_run", json_=json_)
        return
    _confirm(planned.shown, f"Write off what {reference} left below zero?", reason, yes=yes)
    done = writing_off.write_off(
        database(),
        reference,
        actor=who.actor,
        reason=reason,
        expected=planned.shown,
    )
    noticing.tell([reference])
    _end(done, "written_off", json_=json_)


def _confirm(shown: Shown, question: str, reason: str, *, yes: bool) -> None:
    """Go on only with a reason, and once whoever acts has seen what it does and said yes."""
    if not reason.strip():
        raise Failed("validation_failed", "--reason: say why; it is kept for ever")
    if not yes:
        click.echo("\n".join(_words(shown)), err=True)
        click.confirm(question, abort=True, err=True)


def _end(done: Done, status: str, *, json_: bool) -> None:
    if done.approval_id is not None:
        _leave(done, done.approval_id, json_=json_)
    _show(done.shown, status, json_=json_)


def _leave(done: Done, approval_id: int, *, json_: bool) -> NoReturn:
    leave_waiting(approval_id, done.shown, json_=json_)


def _show(shown: Shown, status: str, *, json_: bool) -> None:
    if json_:
        as_json({**shown, "status": status})
        return
    click.echo("\n".join(_words(shown)))
    click.echo(
        {
            "dry_run": "Nothing was changed.",
            "corrected": "Corrected.",
            "written_off": "Written off.",
        }[status]
    )


def _words(shown: Shown) -> list[str]:
    """Return what it does, for people: state, then every account that changes."""
    said = [f"payment    {shown['reference']}"]
    if "before" in shown:
        said.append(f"state      {shown['before']['state']} -> {shown['after']['state']}")
    for each in shown["ledger"]:
        before = amount(each["before_minor"], each["currency"])
        after = amount(each["after_minor"], each["currency"])
        said.append(f"{printable(each['account'])}  {before} -> {after}")
    if not shown["ledger"]:
        said.append("money      none moves")
    return said
