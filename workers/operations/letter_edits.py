"""`payratchet dead-letters edit`: apply an event as a person says it is; the original stays."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NoReturn

import click

from domain.editing import edited
from workers.operations import acting
from workers.operations.approvals import leave_waiting
from workers.operations.options import database, json_option, reason_option
from workers.operations.output import REFUSED, Failed, as_json, as_lines, as_table
from workers.replaying.edits import Edit
from workers.replaying.edits import edit as replay_edited
from workers.settings import MoneyLimitSettings
from workers.store import letters_shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workers.database import Database


@click.command("edit")
@click.argument("letter_id", type=int)
@click.option("--body-file", type=click.File("rb"), help="The whole new body; - is stdin.")
@click.option(
    "--set",
    "changes",
    metavar="PATH=VALUE",
    multiple=True,
    help="e.g. data.amount=125000 or /data/amount=125000; VALUE is JSON, or else text.",
)
@reason_option
@json_option
def edit(
    letter_id: int, *, body_file: Any, changes: Sequence[str], reason: str, json_: bool
) -> None:
    """Write another body in place of one that cannot be applied, and apply it at once.

    It becomes an event of its own, marked as yours, with its parent and the difference on record;
    the letter of the original is closed. The same edit again is the same event.
    """
    if (body_file is None) == (not changes):
        raise click.UsageError("give --body-file or --set, one of them")
    store, who = database(), acting.operator()
    body = body_file.read() if body_file else _changed(store, letter_id, changes)
    done = replay_edited(
        store, Edit(letter_id, body, who.actor, reason), limit=MoneyLimitSettings().limit
    )
    shown = done._asdict()
    if done.approval_id is not None:
        leave_waiting(done.approval_id, {"diff": done.diff}, json_=json_)
    if json_:
        as_json(shown)
    else:
        as_lines(shown)
        click.echo("")
        as_table(done.diff, ("pointer", "before", "after"), "")
    if done.became != "applied":
        click.get_current_context().exit(REFUSED)


def _changed(store: Database, letter_id: int, changes: Sequence[str]) -> bytes:
    with store.transaction() as tx:
        body = letters_shown.unmasked_body(tx, letter_id)
    if body is None:
        raise Failed("dead_letter_unknown", f"there is no dead letter {letter_id} with its event")
    return edited(body, [_change(each) for each in changes])


def _change(text: str) -> tuple[str, object]:
    path, equals, value = text.partition("=")
    if not path or not equals:
        raise click.UsageError("--set is PATH=VALUE")
    try:
        return path, json.loads(value, parse_float=Decimal, parse_constant=_no_json)
    except ValueError:
        return path, value


def _no_json(constant: str) -> NoReturn:
    """Refuse NaN and Infinity, which Python reads and no provider's JSON has."""
    raise ValueError(constant)
