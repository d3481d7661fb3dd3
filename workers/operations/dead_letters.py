"""`payratchet dead-letters`: what needs a person, and what a person can do about it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from workers import replay as replaying
from workers.operations import surroundings
from workers.operations.options import (
    confirm,
    cursor_option,
    database,
    json_option,
    limit_option,
    reason_option,
    yes_option,
)
from workers.operations.output import REFUSED, Failed, age, as_json, as_lines, as_table
from workers.store import dead_letters as letters
from workers.store import views

if TYPE_CHECKING:
    from collections.abc import Sequence

COLUMNS = ("id", "reason", "provider", "reference", "tries", "status", "age")

STATUSES = ("open", "replaying", "resolved", "discarded")


@click.group("dead-letters")
def dead_letters() -> None:
    """Events that are set aside until a person decides."""


@dead_letters.command("list")
@click.option("--provider")
@click.option("--type", "type_", help="The provider's name of the event.")
@click.option("--reason", help="The reason class, e.g. mismatch or unknown_reference.")
@click.option("--fingerprint", help="One cause: what failed alike has the same.")
@click.option("--reference")
@click.option("--status", type=click.Choice([*STATUSES, "all"]), default="open", show_default=True)
@limit_option
@cursor_option
@json_option
def list_(
    *, limit: int, cursor: int | None, json_: bool, type_: str | None, **filters: str | None
) -> None:
    """List dead letters, newest first."""
    filters["type"] = type_
    if filters["status"] == "all":
        filters["status"] = None
    with database().transaction() as tx:
        found = views.letters(tx, filters=filters, before=cursor, limit=limit)
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


@dead_letters.command("show")
@click.argument("letter_id", type=int)
@json_option
def show(letter_id: int, *, json_: bool) -> None:
    """Show one dead letter with its attempts and history. Bodies stay masked."""
    with database().transaction() as tx:
        found = views.letter(tx, letter_id)
    if found is None:
        raise Failed("dead_letter_unknown", f"there is no dead letter {letter_id}")
    if json_:
        as_json(found)
        return
    as_lines(found)
    click.echo("\nattempts")
    columns = ("number", "started_at", "outcome", "error_class", "message", "worker")
    as_table(found["tries"], columns, "none recorded")
    click.echo("\nhistory")
    as_table(found["history"], ("at", "action", "actor", "reason"), "none")


@dead_letters.command("replay")
@click.argument("letter_ids", type=int, nargs=-1, required=True)
@reason_option
@yes_option
@json_option
def replay(letter_ids: Sequence[int], *, reason: str, yes: bool, json_: bool) -> None:
    """Give events another try, now and by the usual path. Repeating it is harmless."""
    store = database()
    open_ids = _only_open(letter_ids)
    confirm(len(open_ids), "Replay dead letters:", yes=yes)
    done = replaying.replay(store, open_ids, actor=surroundings.actor(), reason=reason)
    report = asdict(done) | {"dry_run": False, "aborted": False}
    as_json(report) if json_ else as_lines(report)
    if done.failed:
        click.get_current_context().exit(REFUSED)


@dead_letters.command("discard")
@click.argument("letter_ids", type=int, nargs=-1, required=True)
@reason_option
@yes_option
@json_option
def discard(letter_ids: Sequence[int], *, reason: str, yes: bool, json_: bool) -> None:
    """Let events go for good: they are kept, but nothing will be done about them."""
    store = database()
    open_ids = _only_open(letter_ids)
    confirm(len(open_ids), "Discard dead letters:", yes=yes)
    with store.transaction() as tx:
        count = letters.discard(tx, open_ids, actor=surroundings.actor(), reason=reason)
    report = {"matched": len(open_ids), "discarded": count}
    as_json(report) if json_ else as_lines(report)
    if count < len(open_ids):
        click.get_current_context().exit(REFUSED)


def _only_open(letter_ids: Sequence[int]) -> list[int]:
    with database().transaction() as tx:
        open_ids = views.open_letters_exist(tx, letter_ids)
    missing = sorted(set(letter_ids) - set(open_ids))
    if missing:
        named = ", ".join(map(str, missing))
        raise Failed("dead_letter_not_open", f"not open, or not there: {named}")
    return open_ids
