"""`payratchet events`: what came in, and another try for what is finished."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from workers.operations import acting
from workers.operations.letter_tales import edits_masked, told
from workers.operations.options import (
    confirm,
    cursor_option,
    database,
    json_option,
    limit_option,
    reason_option,
    yes_option,
)
from workers.operations.output import REFUSED, Failed, as_json, as_lines, as_table, printable
from workers.replaying.again import try_again
from workers.store import events_shown, operators
from workers.store.events_shown import BECAME, EventsWanted

if TYPE_CHECKING:
    from collections.abc import Sequence

COLUMNS = ("id", "received_at", "provider", "account", "reference", "event_key", "became")
GOOD = frozenset({"applied", "ignored", "no_change"})


@click.group()
def events() -> None:
    """Everything that came in, from providers and from ourselves."""


@events.command("list")
@click.option("--provider", help="internal: commands of our own.")
@click.option("--account")
@click.option("--reference")
@click.option("--became", type=click.Choice(BECAME), help="What became of it.")
@limit_option
@cursor_option
@json_option
def list_(
    *,
    provider: str | None,
    account: str | None,
    reference: str | None,
    became: str | None,
    limit: int,
    cursor: int | None,
    json_: bool,
) -> None:
    """List events, newest first. A rare --became may make a page short; its cursor goes on."""
    wanted = EventsWanted(provider, account, reference, became)
    with database().transaction() as tx:
        found, next_cursor = events_shown.page(tx, wanted, before=cursor, limit=limit)
    if json_:
        as_json({"items": found, "next_cursor": next_cursor})
        return
    as_table(found, COLUMNS, "Nothing came in.")


@events.command("show")
@click.argument("event_id", type=int)
@json_option
def show(event_id: int, *, json_: bool) -> None:
    """Show one event, its body masked, and what became of it."""
    with database().transaction() as tx:
        found = events_shown.one(tx, event_id)
    if found is None:
        raise Failed("event_unknown", f"no event {event_id} is kept")
    found["edits"] = edits_masked(found["edits"])
    if json_:
        as_json(found)
        return
    as_lines(found)
    click.echo("\nattempts")
    columns = ("number", "started_at", "outcome", "error_class", "message", "worker")
    as_table(found["tries"], columns, "none recorded: it went through at once, or waits")
    click.echo("\nbody, masked")
    as_json(found["masked_body"])


@events.command("reveal")
@click.argument("event_id", type=int)
@click.option("--reason", required=True, help="Why it must be seen; kept in the history for ever.")
@json_option
def reveal(event_id: int, *, reason: str, json_: bool) -> None:
    """Show the raw body of an event. That you saw it is written down first."""
    store, who = database(), acting.operator()
    with store.transaction() as tx:
        body = events_shown.body(tx, event_id)
        if body is None:
            raise Failed("event_unknown", f"no event {event_id} is kept")
        subject = events_shown.subject(event_id)
        operators.note(tx, who.actor, "event_revealed", subject, reason=reason, details={})
    if json_:
        as_json({"id": event_id, **told(body)})
    else:
        click.echo("\n".join(map(printable, body.decode(errors="replace").splitlines())))


@events.command("replay")
@click.argument("event_ids", type=int, nargs=-1, required=True)
@reason_option
@yes_option
@json_option
def replay(event_ids: Sequence[int], *, reason: str, yes: bool, json_: bool) -> None:
    """Give finished events another try, e.g. those that were ignored before an upgrade."""
    store, who = database(), acting.operator()
    confirm(len(set(event_ids)), "Try events again:", yes=yes)
    done = try_again(store, sorted(set(event_ids)), actor=who.actor, reason=reason)
    items = [{"event_id": event_id, "became": became} for event_id, became in done.became]
    if json_:
        as_json({"replay_id": done.replay_id, "items": items})
    else:
        as_table(items, ("event_id", "became"), "")
    if any(became not in GOOD for _, became in done.became):
        click.get_current_context().exit(REFUSED)
