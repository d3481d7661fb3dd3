"""`payratchet dead-letters`: what needs a person, and what a person can do about it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click

from workers.operations import (
    acting,
    letter_decisions,
    letter_edits,
    letter_rehearsals,
    letter_replays,
    letter_tales,
)
from workers.operations.letter_options import filtered, filters
from workers.operations.letter_tales import edits_masked
from workers.operations.options import cursor_option, database, json_option, limit_option
from workers.operations.output import Failed, age, as_json, as_lines, as_table
from workers.replaying.rehearsal import rehearse
from workers.store import letters_shown
from workers.store.letter_filters import ANY_STATUS, STATUSES, Wanted

COLUMNS = ("id", "reason", "provider", "reference", "tries", "status", "owner", "age")
GROUP_COLUMNS = ("fingerprint", "letters", "reason", "provider", "money", "newest", "said")
TRY_COLUMNS = ("number", "started_at", "outcome", "error_class", "message", "worker")
EDIT_COLUMNS = ("child_event_id", "parent_event_id", "actor", "reason", "at")

status_option = click.option(
    "--status", type=click.Choice([*STATUSES, ANY_STATUS]), default="open", show_default=True
)


@click.group("dead-letters")
def dead_letters() -> None:
    """Events that are set aside until a person decides."""


for command in (
    letter_replays.replay,
    letter_edits.edit,
    letter_decisions.discard,
    letter_decisions.reopen,
    letter_decisions.note,
    letter_decisions.assign,
    letter_tales.reveal,
    letter_tales.export,
):
    dead_letters.add_command(command)


@dead_letters.command("list")
@filters()
@status_option
@limit_option
@cursor_option
@json_option
def list_(*, status: str, limit: int, cursor: int | None, json_: bool, **options: Any) -> None:
    """List dead letters, newest first."""
    wanted = filtered(options, status=status)
    with database().transaction() as tx:
        found = letters_shown.page(tx, wanted, before=cursor, limit=limit)
    next_cursor = found[-1]["id"] if len(found) == limit else None
    if json_:
        as_json({"items": found, "next_cursor": next_cursor})
        return
    now = datetime.now(UTC)
    rows = [
        {**letter, "tries": letter["attempts"], "age": age(now - letter["dead_at"])}
        for letter in found
    ]
    as_table(rows, COLUMNS, "Nothing is set aside.")


@dead_letters.command("groups")
@filters()
@status_option
@json_option
def groups(*, status: str, json_: bool, **options: Any) -> None:
    """List causes: letters that failed alike, the largest group first.

    `dead-letters replay --fingerprint F --dry-run` says what replaying one of them would do.
    """
    with database().transaction() as tx:
        found = letters_shown.groups(tx, filtered(options, status=status))
    if json_:
        as_json({"items": found})
        return
    now = datetime.now(UTC)
    rows = [
        {
            **group,
            "money": _money(group["amounts_minor"]),
            "newest": age(now - group["newest_at"]),
            "said": group["message"],
        }
        for group in found
    ]
    as_table(rows, GROUP_COLUMNS, "Nothing is set aside.")


@dead_letters.command("show")
@click.argument("letter_id", type=int)
@click.option("--what-if", is_flag=True, help="Say what a replay would do now.")
@json_option
def show(letter_id: int, *, what_if: bool, json_: bool) -> None:
    """Show one dead letter with its attempts, history, body and payment.

    The body is masked: `dead-letters reveal` shows it whole, and notes that it did.
    """
    store = database()
    with store.transaction() as tx:
        found = letters_shown.one(tx, letter_id)
    if found is None:
        raise Failed("dead_letter_unknown", f"there is no dead letter {letter_id}")
    found["edits"] = edits_masked(found["edits"])
    if what_if:
        who = acting.operator()
        tried = rehearse(store, Wanted(ids=(letter_id,)), actor=who.actor)
        found["what_if"] = letter_rehearsals.rehearsed(tried)
    if json_:
        as_json(found)
        return
    _print(found)


def _print(found: dict[str, Any]) -> None:
    as_lines(found)
    click.echo("\npayment")
    if found["payment"] is None:
        click.echo("No payment is known by its reference.")
    else:
        as_lines(found["payment"])
    click.echo("\nattempts")
    as_table(found["tries"], TRY_COLUMNS, "none recorded")
    click.echo("\nhistory")
    as_table(found["history"], ("at", "action", "actor", "reason"), "none")
    if found["edits"]:
        click.echo("\nedits")
        as_table(found["edits"], EDIT_COLUMNS, "")
    if found["event"] is not None:
        click.echo("\nevent, its body masked")
        as_lines(found["event"])
        as_json(found["event"]["masked_body"])
    if "what_if" in found:
        click.echo("\nwhat a replay would do now")
        letter_rehearsals.print_rehearsal(found["what_if"])


def _money(amounts_minor: dict[str, int]) -> str:
    return ", ".join(f"{amount} {currency}" for currency, amount in amounts_minor.items())
