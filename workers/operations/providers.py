"""`payratchet providers`: who sends, by which keys, who is silent; and one delivery looked into."""

from __future__ import annotations

import click

from workers.operations.options import database, json_option
from workers.operations.output import as_json, as_table
from workers.operations.provider_check import check_
from workers.operations.sources import Source, look

LIST_EXAMPLES = """\b
Examples:
  payratchet providers list
  payratchet providers list --json
"""
ACCOUNT_COLUMNS = ("provider", "account", "mode", "silence", "open_letters")
KEY_COLUMNS = ("provider", "account", "key_id", "is", "last_use")
SCHEME_COLUMNS = ("provider", "asked", "confidence", "scheme")
DOUBT_COLUMNS = ("provider", "not_confirmed")


@click.group()
def providers() -> None:
    """Who sends webhooks, and whether we understand them."""


providers.add_command(check_)


@providers.command("list", epilog=LIST_EXAMPLES)
@json_option
def list_(*, json_: bool) -> None:
    """List providers: accounts, keys and their last use, silence, open letters, how they sign.

    A key is shown by its id, never by itself. Last use and silence are of the newest events.
    Asked: whether the provider is asked before money moves; where it is required, no webhook makes
    a fact. Confidence: how well the scheme is confirmed, see docs/providers.md.
    """
    with database().transaction() as tx:
        found = look(tx)
    if json_:
        as_json({"items": [source.shown() for source in found]})
        return
    as_table([source.shown() for source in found], ACCOUNT_COLUMNS, _NOBODY)
    if found:
        click.echo()
        keys = [
            {"provider": source.provider, "account": source.account, **key.row()}
            for source in found
            for key in source.keys
        ]
        as_table(keys, KEY_COLUMNS, "No key is known: start web, which says its keys' ids.")
        _print_schemes(found)


def _print_schemes(found: list[Source]) -> None:
    """Print how each provider signs, and what of that is not confirmed."""
    rows = [each.scheme_row() for each in {source.provider: source for source in found}.values()]
    click.echo()
    as_table(rows, SCHEME_COLUMNS, "")
    unsure = [row for row in rows if row["confidence"] != "high"]
    if unsure:
        click.echo()
        as_table(unsure, DOUBT_COLUMNS, "")


_NOBODY = "No provider: give web a <PROVIDER>_WEBHOOK_SECRET, see docs/deploy.md."
