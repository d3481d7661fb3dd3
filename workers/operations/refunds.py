"""`payratchet payments refund-failed`: end a refund that nobody can prove."""

from __future__ import annotations

import click

from workers import noticing, unproven
from workers.operations import acting
from workers.operations.approvals import leave_waiting
from workers.operations.options import database, json_option
from workers.operations.output import Failed, as_json, as_lines


@click.command("refund-failed")
@click.argument("refund_reference")
@click.option("--reason", required=True, help="How you know; kept in the history for ever.")
@click.option(
    "--denied",
    is_flag=True,
    help="The provider has a refund of this name, and told you that it will never be made.",
)
@click.option("--yes", is_flag=True, help="Do not ask before doing it.")
@json_option
def refund_failed(
    refund_reference: str, *, reason: str, denied: bool, yes: bool, json_: bool
) -> None:
    """End a refund as failed, of which no provider says what became; its credit is free again.

    Look at the provider's own pages first: nobody is asked by this. Should the provider make the
    refund after all, the customer's credit is taken for it, below zero if need be. Refused while
    the refund may still be made by us.
    """
    if not reason.strip():
        raise Failed("validation_failed", "--reason: say how you know that it was not made")
    store, who = database(), acting.operator()
    if not yes:
        words = f"End the refund {refund_reference} as failed, and release its credit?"
        click.confirm(words, abort=True, err=True)
    done = unproven.fail(
        store,
        refund_reference,
        actor=who.actor,
        reason=reason,
        is_denied=denied,
    )
    if done.approval_id is not None:
        leave_waiting(done.approval_id, {"would": done.shown}, json_=json_)
    noticing.tell([done.shown["payment"]])
    as_json(done.shown) if json_ else as_lines(done.shown)
