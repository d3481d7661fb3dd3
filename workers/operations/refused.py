"""`payratchet refused`: who knocks and is sent away, and why."""

from __future__ import annotations

import click

from domain.providers import PROVIDERS
from workers.operations.options import cursor_option, database, json_option, limit_option
from workers.operations.output import as_json, as_table
from workers.store import console_views, sources

GROUP_COLUMNS = ("requests", "last_at", "provider", "address", "code", "diagnosis")
EACH_COLUMNS = ("id", "at", "source", "address", "code", "diagnosis")
EXAMPLES = """\b
Examples:
  payratchet refused list
  payratchet refused list --provider stripe --code signature_invalid
  payratchet refused list --each --json
"""
NOBODY = "Nobody was refused."


@click.group()
def refused() -> None:
    """Look at who was refused: by a wrong secret, or because somebody tries."""


@refused.command("list", epilog=EXAMPLES)
@click.option("--provider", type=click.Choice(sorted(PROVIDERS)))
@click.option("--code", help="E.g. signature_invalid.")
@click.option("--each", is_flag=True, help="Each request by itself, newest first.")
@limit_option
@cursor_option
@json_option
def list_(
    *,
    provider: str | None,
    code: str | None,
    each: bool,
    limit: int,
    cursor: int | None,
    json_: bool,
) -> None:
    """List who was refused and why, grouped by provider, account, code and address.

    Only the newest requests are kept, and no byte of what they said.
    """
    if cursor is not None and not each:
        raise click.UsageError("--cursor goes with --each")
    with database().transaction() as tx:
        if each:
            found, next_cursor = console_views.refused(
                tx, source=provider, code=code, before=cursor, limit=limit
            )
        else:
            found = sources.refused(tx, provider=provider, code=code, limit=limit)
            next_cursor = None
    if json_:
        as_json({"items": found, "next_cursor": next_cursor})
        return
    as_table(found, EACH_COLUMNS if each else GROUP_COLUMNS, NOBODY)
