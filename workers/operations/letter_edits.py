"""`payratchet dead-letters edit`: apply an event as a person says it is; the original stays."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NoReturn

import click

from domain.retelling import amount
from workers.operations import acting
from workers.operations.approvals import leave_waiting
from workers.operations.options import database, json_option, reason_option
from workers.operations.output import REFUSED, as_json, as_lines, as_table
from workers.replaying import edits
from workers.replaying.edits import Edit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


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
@click.option("--dry-run", is_flag=True, help="Only show what it would change and move.")
@reason_option
@json_option
def edit(
    letter_id: int,
    *,
    body_file: Any,
    changes: Sequence[str],
    dry_run: bool,
    reason: str,
    json_: bool,
) -> None:
    """Write another body in place of one that cannot be applied, and apply it at once.

    It becomes an event of its own, marked as yours, with its parent and the difference on record;
    the letter of the original is closed. The same edit again is the same event.
    """
    if (body_file is None) == (not changes):
        raise click.UsageError("give --body-file or --set, one of them")
    store, who = database(), acting.operator()
    body = (
        body_file.read()
        if body_file
        else edits.changed(store, letter_id, [_change(each) for each in changes])
    )
    given = Edit(letter_id, body, who.actor, reason)
    if dry_run:
        would = edits.preview(store, given)
        told = {"dry_run": True, "moves_minor": would.moves, **_left(would.left)}
        _print({**told, "diff": would.diff}, json_=json_)
        return
    done = edits.edit(store, given)
    shown = {name: value for name, value in done._asdict().items() if name != "left"}
    if done.approval_id is not None:
        leave_waiting(done.approval_id, {"diff": done.diff, **_left(done.left)}, json_=json_)
    _print({**shown, **_left(done.left)}, json_=json_)
    if done.became != "applied":
        click.get_current_context().exit(REFUSED)


def _left(left: Mapping[str, int]) -> dict[str, object]:
    """Say what stays in suspense, for scripts and in words; nothing where nothing does."""
    if not left:
        return {}
    money = ", ".join(amount(minor, currency) for currency, minor in left.items())
    warning = (
        f"{money} that came with the original stays in suspense: "
        "the edited event is about another transaction"
    )
    return {"left_in_suspense_minor": dict(left), "warning": warning}


def _print(shown: Mapping[str, Any], *, json_: bool) -> None:
    if json_:
        as_json(shown)
        return
    as_lines(shown)
    for currency, minor in shown.get("moves_minor", {}).items():
        click.echo(f"moves at most {amount(minor, currency)}")
    click.echo("")
    as_table(shown["diff"], ("pointer", "before", "after"), "")


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
